#ifndef KVWIRE_SERVER_ALGORITHM_SESSIONS_H_
#define KVWIRE_SERVER_ALGORITHM_SESSIONS_H_

// The open caches of an algorithm process. Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

// A cache and its lock: shared for reading, exclusive for appending.
struct AlgorithmSessionState {
  CacheSetup setup;
  std::shared_mutex mutex;
  std::unique_ptr<KvCache> cache ABSL_GUARDED_BY(mutex) ABSL_PT_GUARDED_BY(mutex);
};

class AlgorithmSessions {
 public:
  static constexpr size_t kMaxSessions = 256;
  // A session that nobody touched for so long may be dropped to make room.
  static constexpr absl::Duration kIdleTime = absl::Minutes(15);

  // Returns the id of a new session, or RESOURCE_EXHAUSTED if kMaxSessions are in
  // use.
  absl::StatusOr<int64_t> Add(CacheSetup setup, std::unique_ptr<KvCache> cache);

  // Returns NOT_FOUND if there is no such session.
  absl::StatusOr<std::shared_ptr<AlgorithmSessionState>> Find(int64_t id);

  void Remove(int64_t id);

 private:
  struct Entry {
    std::shared_ptr<AlgorithmSessionState> state;
    absl::Time last_use;
  };

  std::mutex mutex_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALGORITHM_SESSIONS_H_
