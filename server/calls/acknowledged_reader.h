#ifndef KVWIRE_SERVER_CALLS_ACKNOWLEDGED_READER_H_
#define KVWIRE_SERVER_CALLS_ACKNOWLEDGED_READER_H_

// As streams.h, for a stream of requests whose sender hears now and then how far it has come.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "common/wire/status_conversion.h"
#include "server/calls/peer_wait.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// Handler has
//   absl::Status Take(grpc::ByteBuffer& request, grpc::ByteBuffer& response)
//       each request in order, which it may clear; an error ends the call
//   absl::Status End(grpc::ByteBuffer& response)
//       no more come: the client sent its last request, or is gone, or Take failed; then
//       what End says of it is not heard
// Either leaves the response as it is for none. Until it is written no request is read: a
// client that takes no responses is not listened to, and in time is cut off.
template <typename Handler>
class AcknowledgedReader final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  AcknowledgedReader(grpc::CallbackServerContext& context, WorkPool& pool,
                     std::unique_ptr<Handler> handler)
      : wait_(context), pool_(pool), handler_(std::move(handler)) {
    Read();
  }

  void OnReadDone(bool ok) override {
    wait_.End();
    turn_.load(std::memory_order_acquire);
    pool_.Post([this, ok] {
      response_.Clear();
      const absl::Status status =
          ok ? handler_->Take(request_, response_) : handler_->End(response_);
      if (ok && !status.ok()) EndUnheard();
      request_.Clear();  // what was received need not wait for what comes next
      turn_.fetch_add(1, std::memory_order_release);
      GoOn(ok, status);
    });
  }
  void OnWriteDone(bool ok) override {
    wait_.End();
    if (ok) return Read();
    turn_.load(std::memory_order_acquire);
    pool_.Post([this] {
      EndUnheard();
      turn_.fetch_add(1, std::memory_order_release);
      this->Finish(grpc::Status::CANCELLED);
    });
  }
  void OnDone() override { delete this; }

 private:
  void Read() {
    wait_.Begin();
    this->StartRead(&request_);
  }

  void GoOn(bool more, const absl::Status& status) {
    if (!status.ok()) return this->Finish(ToGrpc(status));
    if (!response_.Valid()) return more ? Read() : this->Finish(grpc::Status::OK);
    wait_.Begin();
    if (more) return this->StartWrite(&response_);
    this->StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void EndUnheard() {
    grpc::ByteBuffer unheard;
    handler_->End(unheard).IgnoreError();
  }

  PeerWait wait_;
  WorkPool& pool_;
  std::unique_ptr<Handler> handler_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  // As in StreamReader.
  std::atomic<int> turn_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_ACKNOWLEDGED_READER_H_
