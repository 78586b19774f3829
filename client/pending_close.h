#ifndef KVWIRE_CLIENT_PENDING_CLOSE_H_
#define KVWIRE_CLIENT_PENDING_CLOSE_H_

// Bob being asked to forget a run: what he says to it changes nothing.

#include <cstdint>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kvwire/v1/bob.grpc.pb.h"

namespace kvwire {

class PendingClose {
 public:
  // Asks him. `bob` must outlive this.
  PendingClose(v1::BobService::Stub& bob, uint64_t run_id) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    request_.set_run_id(run_id);
    bob.async()->CloseRun(&context_, &request_, &response_,
                          [this](const grpc::Status& /*status*/) { done_.Notify(); });
  }
  // Waits for the answer.
  ~PendingClose() { done_.WaitForNotification(); }
  PendingClose(const PendingClose&) = delete;
  PendingClose& operator=(const PendingClose&) = delete;

 private:
  grpc::ClientContext context_;
  v1::CloseRunRequest request_;
  v1::CloseRunResponse response_;
  absl::Notification done_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_PENDING_CLOSE_H_
