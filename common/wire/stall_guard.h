#ifndef KVWIRE_COMMON_WIRE_STALL_GUARD_H_
#define KVWIRE_COMMON_WIRE_STALL_GUARD_H_

// Ends a call whose connection stands still: neither end closes, and no byte moves. A
// deadline of the whole call would not do, for a long message takes long.

#include <grpcpp/client_context.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/wire/tcp_meter.h"

namespace kvwire {

class StallGuard {
 public:
  // Cancels the watched call if it has waited for `limit` and the meter, which must outlive
  // the guard, has seen no byte move in that time.
  StallGuard(const TcpMeter& meter, absl::Duration limit);
  ~StallGuard();

  // The call to watch; null: none. It must be unwatched before its context goes away.
  void Watch(grpc::ClientContext* call);

  // While one of these lives, the call waits for the peer.
  class Wait {
   public:
    explicit Wait(StallGuard& guard) : guard_(guard) { guard_.SetWaiting(true); }
    ~Wait() { guard_.SetWaiting(false); }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    StallGuard& guard_;
  };

  // Whether it has cancelled a call.
  bool stalled() const;
  const TcpMeter& meter() const { return meter_; }

 private:
  void SetWaiting(bool waiting);
  void Run();

  const TcpMeter& meter_;
  const std::chrono::nanoseconds limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  // The clock that no operator sets.
  std::chrono::steady_clock::time_point since_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_STALL_GUARD_H_
