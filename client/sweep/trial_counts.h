#ifndef KVWIRE_CLIENT_SWEEP_TRIAL_COUNTS_H_
#define KVWIRE_CLIENT_SWEEP_TRIAL_COUNTS_H_

// How the trials of a plan, or of a shard of it, have come out so far.

#include <cstdint>
#include <string>

namespace kvwire {

struct TrialCounts {
  int64_t planned = 0;
  int64_t ok = 0;
  int64_t failed = 0;   // by the verdict
  int64_t refused = 0;  // by the algorithm
  int64_t broken = 0;   // tried, and without a result

  int64_t done() const { return ok + failed + refused; }
  int64_t missing() const { return planned - done(); }  // the broken ones among them

  // Counts one more with this outcome (result_columns.h).
  void Add(const std::string& outcome);
  // "200 trials: 198 ok, 1 failed, 1 refused, 0 broken, 0 missing"
  std::string ToString() const;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_TRIAL_COUNTS_H_
