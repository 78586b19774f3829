#ifndef KVWIRE_CLIENT_SWEEP_SWEEP_RESULTS_H_
#define KVWIRE_CLIENT_SWEEP_SWEEP_RESULTS_H_

// The results of a sweep's shards, seen together.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/sweep/result_columns.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/trial_counts.h"

namespace kvwire {

struct SweepResults {
  std::map<std::string, TrialRecord> records;  // by key
  std::map<std::string, BrokenTrial> broken;   // those that no file has a result of
};

// Reads the files. Of a trial that several have, what the first one measured is taken.
// Returns DATA_LOSS, naming the trial and the files, if they have different results of it,
// and errors as ResultsFile's.
absl::StatusOr<SweepResults> ReadResults(const std::vector<std::string>& paths);

// The trials of the plan alone, by their outcomes.
TrialCounts CountTrials(const SweepPlan& plan, const SweepResults& results);

// Those of the plan, by the place of their trials in it: without holes if none is missing.
std::vector<TrialRecord> RecordsOf(const SweepPlan& plan, const SweepResults& results);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SWEEP_RESULTS_H_
