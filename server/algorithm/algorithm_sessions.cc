#include "server/algorithm/algorithm_sessions.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "server/calls/draining.h"

namespace kvwire {

AlgorithmSessions::AlgorithmSessions(const SessionLimits& limits)
    : limits_(limits),
      memory_(limits.memory_budget_bytes),
      quota_(limits.sessions_per_peer, "--sessions-per-peer", "sessions open") {}

absl::StatusOr<AlgorithmSessions::State> AlgorithmSessions::Prepare(CacheSetup setup) {
  // Counted first: who drains sees it, or it sees that the process drains.
  ++states_;
  const State state(new AlgorithmSessionState(std::move(setup), memory_),
                    [this](const AlgorithmSessionState* gone) {
                      delete gone;
                      --states_;
                    });
  KVWIRE_RETURN_IF_ERROR(CheckNotDraining());
  return state;
}

absl::StatusOr<int64_t> AlgorithmSessions::Add(State state, std::unique_ptr<KvCache> cache,
                                               const Caller& caller) {
  {
    const std::lock_guard lock(state->mutex);
    state->cache = std::move(cache);
  }
  DropIdle();
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= SessionLimits::kMaxSessions) {
    return absl::ResourceExhaustedError(
        absl::StrCat(entries_.size(), " sessions are open; close one first"));
  }
  KVWIRE_ASSIGN_OR_RETURN(PeerQuota::Ticket ticket, quota_.Enter(caller.peer));
  entries_[next_id_] = {std::move(state), caller.identity, std::move(ticket), absl::Now()};
  return next_id_++;
}

absl::StatusOr<AlgorithmSessions::State> AlgorithmSessions::Find(int64_t id,
                                                                 const Caller& caller) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  // Another's session is not there, as far as this caller can tell.
  if (entry == entries_.end() || entry->second.identity != caller.identity) {
    return absl::NotFoundError(absl::StrCat("there is no session ", id));
  }
  entry->second.last_use = absl::Now();
  return entry->second.state;
}

void AlgorithmSessions::Remove(int64_t id, const Caller& caller) {
  Entry removed;  // what it held is freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end() || entry->second.identity != caller.identity) return;
  removed = std::move(entry->second);
  entries_.erase(entry);
}

void AlgorithmSessions::DropIdle() {
  std::vector<Entry> dropped;
  const std::lock_guard lock(mutex_);
  const absl::Time now = absl::Now();
  for (auto next = entries_.begin(); next != entries_.end();) {
    const auto entry = next++;
    const bool in_use = entry->second.state.use_count() > 1;
    if (in_use) entry->second.last_use = now;
    if (now - entry->second.last_use < limits_.idle_time) continue;
    dropped.push_back(std::move(entry->second));
    entries_.erase(entry);
  }
}

size_t AlgorithmSessions::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace kvwire
