#ifndef KVWIRE_SERVER_CALLS_PEER_WAIT_H_
#define KVWIRE_SERVER_CALLS_PEER_WAIT_H_

// Callers that keep their calls waiting: a call says when it begins to wait for its caller,
// to send the next message or to take the last one, and is cancelled if that takes too long.
// What the service itself takes for an answer does not count. Thread-safe.

#include <grpcpp/server_context.h>

#include <cstdint>
#include <memory>

#include "absl/time/time.h"

namespace kvwire {

// Part of what handles a call; gone before the call's context is.
class PeerWait {
 public:
  explicit PeerWait(grpc::ServerContextBase& context);
  ~PeerWait();
  PeerWait(const PeerWait&) = delete;
  PeerWait& operator=(const PeerWait&) = delete;

  void Begin();
  void End();

 private:
  friend void CutOffIdleCalls(absl::Duration patience);
  struct Call;

  std::shared_ptr<Call> call_;
};

// Cancels the calls of this process that have waited for longer.
void CutOffIdleCalls(absl::Duration patience);
// How many have been.
int64_t CallsCutOff();

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_PEER_WAIT_H_
