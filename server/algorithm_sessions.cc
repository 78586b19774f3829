#include "server/algorithm_sessions.h"

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace kvwire {

absl::StatusOr<int64_t> AlgorithmSessions::Add(CacheSetup setup,
                                               std::unique_ptr<KvCache> cache) {
  auto state = std::make_shared<AlgorithmSessionState>();
  state->setup = std::move(setup);
  {
    const std::lock_guard lock(state->mutex);
    state->cache = std::move(cache);
  }
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kMaxSessions) {
    const absl::Time oldest = absl::Now() - kIdleTime;
    std::erase_if(entries_,
                  [oldest](const auto& entry) { return entry.second.last_use < oldest; });
  }
  if (entries_.size() >= kMaxSessions) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxSessions, " sessions are open; close one first"));
  }
  entries_[next_id_] = {std::move(state), absl::Now()};
  return next_id_++;
}

absl::StatusOr<std::shared_ptr<AlgorithmSessionState>> AlgorithmSessions::Find(int64_t id) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end())
    return absl::NotFoundError(absl::StrCat("there is no session ", id));
  entry->second.last_use = absl::Now();
  return entry->second.state;
}

void AlgorithmSessions::Remove(int64_t id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(id);
}

}  // namespace kvwire
