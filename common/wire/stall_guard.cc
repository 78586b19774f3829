#include "common/wire/stall_guard.h"

#include <algorithm>

namespace kvwire {

using Clock = std::chrono::steady_clock;

StallGuard::StallGuard(const TcpMeter& meter, absl::Duration limit)
    : meter_(meter),
      limit_(absl::ToChronoNanoseconds(limit)),
      since_(Clock::now()),
      thread_([this] { Run(); }) {}

StallGuard::~StallGuard() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StallGuard::Watch(grpc::ClientContext* call) {
  const std::lock_guard lock(mutex_);
  call_ = call;
}

bool StallGuard::stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_;
}

void StallGuard::SetWaiting(bool waiting) {
  const std::lock_guard lock(mutex_);
  waiting_ = waiting;
  since_ = Clock::now();
}

void StallGuard::Run() {
  const auto pause = std::clamp<std::chrono::nanoseconds>(
      limit_ / 8, std::chrono::milliseconds(1), std::chrono::milliseconds(500));
  int64_t moved = meter_.MovedBytes();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, pause,
                            [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return over_; })) {
    const int64_t now = meter_.MovedBytes();
    if (!waiting_ || now != moved) since_ = Clock::now();
    moved = now;
    if (call_ == nullptr || Clock::now() - since_ < limit_) continue;
    stalled_ = true;
    call_->TryCancel();
    call_ = nullptr;
  }
}

}  // namespace kvwire
