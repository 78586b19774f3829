#ifndef KVWIRE_SERVER_CALLS_RUN_OWNERS_H_
#define KVWIRE_SERVER_CALLS_RUN_OWNERS_H_

// Whose a run is: of the identity that was first to name it. Run ids are random numbers of
// 64 bits that only who opens a run knows.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

namespace kvwire {

// Thread-safe.
class RunOwners {
 public:
  // So many runs are remembered, the last ones; more than a service holds at a time.
  static constexpr size_t kMostRuns = 4096;

  // Returns PERMISSION_DENIED if the run is another identity's. An empty identity, which
  // callers without certificates have, is one like any other.
  absl::Status Claim(uint64_t run_id, const std::string& identity);

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::string> owners_ ABSL_GUARDED_BY(mutex_);
  std::deque<uint64_t> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_RUN_OWNERS_H_
