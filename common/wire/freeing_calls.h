#ifndef KVWIRE_COMMON_WIRE_FREEING_CALLS_H_
#define KVWIRE_COMMON_WIRE_FREEING_CALLS_H_

// Calls that let a peer free something. What it answers changes nothing, so nobody waits for
// that but who is about to ask the peer for more, and who ends.

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"

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

  // Until the calls begun before are answered, or given up.
  void Wait();

 private:
  void End(int64_t call);

  grpc::GenericStub stub_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<int64_t> under_way_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_FREEING_CALLS_H_
