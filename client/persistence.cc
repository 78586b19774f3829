#include "client/persistence.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace kvwire {
namespace {

// Of the clock that no operator sets.
int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What the death of a process, or a connection that breaks, may look like from afar. An
// algorithm that was started again knows the session of before no more: NOT_FOUND.
bool MayPass(const absl::Status& failure) {
  return absl::IsUnavailable(failure) || absl::IsNotFound(failure) ||
         absl::IsDeadlineExceeded(failure);
}

}  // namespace

bool Persistence::Again(const absl::Status& failure, int64_t progress) {
  const absl::StatusOr<bool> revived = services_.Revive();
  if (!revived.ok() || (!*revived && !MayPass(failure))) return false;
  const int64_t now = NowNs();
  if (failures_ == 0 || progress > progress_) {
    failures_ = 0;
    failing_since_ns_ = now;
  }
  progress_ = progress;
  const bool too_long = now - failing_since_ns_ > absl::ToInt64Nanoseconds(services_.timeout);
  if (++failures_ >= kMostFailures || (too_long && !*revived)) return false;
  const absl::Duration pause =
      std::min(absl::Seconds(1), absl::Milliseconds(10) * (1 << failures_));
  absl::SleepFor(pause * std::uniform_real_distribution<double>(0.5, 1.5)(random_));
  return true;
}

}  // namespace kvwire
