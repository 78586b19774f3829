#ifndef KVWIRE_COMMON_WIRE_CANCELLATION_H_
#define KVWIRE_COMMON_WIRE_CANCELLATION_H_

// Passes the end of an incoming call on to the outgoing calls made for it.
// Thread-safe.

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace kvwire {

class Cancellation {
 public:
  // Cancels every call under way and every later one.
  void Cancel();
  bool cancelled() const;
  // Sleeps, and wakes when cancelled: returns whether it was not.
  bool SleepFor(absl::Duration duration);

 private:
  friend class CancellableCall;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
};

// A client context that ends with its Cancellation, which must outlive it.
class CancellableCall {
 public:
  explicit CancellableCall(Cancellation& cancellation);
  ~CancellableCall();
  CancellableCall(const CancellableCall&) = delete;
  CancellableCall& operator=(const CancellableCall&) = delete;

  grpc::ClientContext* context() { return &context_; }
  // Whether this end has cancelled it.
  bool cancelled() const { return cancellation_.cancelled(); }

 private:
  Cancellation& cancellation_;
  grpc::ClientContext context_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_CANCELLATION_H_
