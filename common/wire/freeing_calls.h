#ifndef KVWIRE_COMMON_WIRE_FREEING_CALLS_H_
#define KVWIRE_COMMON_WIRE_FREEING_CALLS_H_

// Calls that let a peer free something. What it answers changes nothing, so nobody waits for
// that but who is about to ask the peer for more, and who ends.

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/wire/cancellation.h"

namespace kvwire {

// Thread-safe.
class FreeingCalls {
 public:
  explicit FreeingCalls(std::shared_ptr<grpc::Channel> channel);
  ~FreeingCalls();  // waits for all
  FreeingCalls(const FreeingCalls&) = delete;
  FreeingCalls& operator=(const FreeingCalls&) = delete;

  // Calls the unary `method` (MethodPath), and gives up after 5 s.
  void Begin(const std::string& method, const google::protobuf::MessageLite& request);

  // Until the calls begun before are answered or given up, or `cancellation`, where there is
  // one, comes.
  void Wait(const Cancellation* cancellation = nullptr);

 private:
  // Freed by who begins another, or ends this: on the thread that ends it, it could be the
  // last to hold the channel, which must not end there.
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    bool ended = false;
  };

  void End(Call& call);

  grpc::GenericStub stub_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::unique_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_FREEING_CALLS_H_
