#ifndef KVWIRE_CLIENT_SWEEP_SHARD_RUN_H_
#define KVWIRE_CLIENT_SWEEP_SHARD_RUN_H_

// Runs one shard of a plan into a results file: what has no result yet, one trial after the
// other, each committed before the next begins. Killed at any moment and run again, it goes
// on where it was.

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/sweep/results_file.h"
#include "client/sweep/shard.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/sweep_progress.h"
#include "client/sweep/trial_counts.h"

namespace kvwire {

// Runs a trial to its end, whatever its outcome, leaving measured.attempts to the caller.
// An error is that it came to none.
using RunTrial = std::function<absl::StatusOr<TrialRecord>(const PlannedTrial& trial)>;

// Gets ready for the first trial; not called if there is none to run. An error ends it all.
using BeginTrials = std::function<absl::Status()>;

// After so many trials in a row that came to no end the others are not tried.
inline constexpr int kMostBrokenInARow = 5;

struct ShardRun {
  TrialCounts counts;       // of the whole shard, earlier runs included
  int64_t done_before = 0;  // trials that had a result when it began
  absl::Status broken;      // of the first trial that came to no end; OK if all have
};

// Tries each trial up to 1 + retries times, and notes in the file those that come to no end.
// Returns errors of the file and of `begin`, and that of the trial after kMostBrokenInARow of
// them.
absl::StatusOr<ShardRun> RunShard(const SweepPlan& plan, const Shard& shard, int retries,
                                  const BeginTrials& begin, const RunTrial& run,
                                  ResultsFile& results, SweepProgress& progress);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SHARD_RUN_H_
