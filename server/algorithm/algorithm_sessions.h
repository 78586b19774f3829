#ifndef KVWIRE_SERVER_ALGORITHM_ALGORITHM_SESSIONS_H_
#define KVWIRE_SERVER_ALGORITHM_ALGORITHM_SESSIONS_H_

// The open caches of an algorithm process. Thread-safe.

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/memory_account.h"
#include "common/kv/kv_cache.h"
#include "server/calls/peer_identity.h"
#include "server/calls/peer_quota.h"

namespace kvwire {

struct SessionLimits {
  static constexpr size_t kMaxSessions = 256;

  // Of one session's state; it books what it needs of the budget of all before it takes it.
  int64_t memory_limit_bytes = std::numeric_limits<int64_t>::max();
  int64_t memory_budget_bytes = std::numeric_limits<int64_t>::max();
  int sessions_per_peer = kMaxSessions;
  // A session that no call has used for so long is dropped.
  absl::Duration idle_time = absl::Minutes(15);
};

// A cache and its lock: shared for reading, exclusive for appending. What is done with the
// cache is done in a MemoryAccount::Scope of `memory`.
struct AlgorithmSessionState {
  AlgorithmSessionState(CacheSetup cache_setup, MemoryBudget& budget)
      : setup(std::move(cache_setup)), memory(budget) {}

  const CacheSetup setup;
  MemoryAccount memory;
  std::shared_mutex mutex;
  std::unique_ptr<KvCache> cache ABSL_GUARDED_BY(mutex) ABSL_PT_GUARDED_BY(mutex);
};

class AlgorithmSessions {
 public:
  using State = std::shared_ptr<AlgorithmSessionState>;

  explicit AlgorithmSessions(const SessionLimits& limits = {});

  // A session-to-be, without a cache yet. Returns UNAVAILABLE while the process drains.
  absl::StatusOr<State> Prepare(CacheSetup setup);
  // Opens it for `caller` with its cache and returns its id. Returns RESOURCE_EXHAUSTED if
  // there are kMaxSessions, or the caller has its share of them.
  absl::StatusOr<int64_t> Add(State state, std::unique_ptr<KvCache> cache,
                              const Caller& caller);

  // Returns NOT_FOUND if the caller's identity has no such session. It does not idle while
  // the state is held.
  absl::StatusOr<State> Find(int64_t id, const Caller& caller);

  void Remove(int64_t id, const Caller& caller);

  // Drops what has idled.
  void DropIdle();

  int64_t memory_limit_bytes() const { return limits_.memory_limit_bytes; }
  // For all that callers make the process hold.
  MemoryBudget& memory() { return memory_; }
  size_t size() const;
  // Whether there is a session, one about to be opened, or a call that works with one.
  bool busy() const { return states_ > 0; }

 private:
  struct Entry {
    State state;
    std::string identity;
    PeerQuota::Ticket ticket;
    absl::Time last_use;
  };

  const SessionLimits limits_;
  MemoryBudget memory_;
  PeerQuota quota_;
  std::atomic<int> states_ = 0;
  mutable std::mutex mutex_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALGORITHM_ALGORITHM_SESSIONS_H_
