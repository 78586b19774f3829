#include "client/sweep/shard_run.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<TrialRecord> RunWithRetries(const PlannedTrial& trial, int retries,
                                           const RunTrial& run, SweepProgress& progress) {
  absl::StatusOr<TrialRecord> record;
  for (int attempt = 1; attempt <= 1 + retries; ++attempt) {
    record = run(trial);
    if (record.ok()) {
      record->measured.front() = int64_t{attempt};
      break;
    }
    progress.Say(absl::StrCat("trial ", trial.key, ", attempt ", attempt, " of ", 1 + retries,
                              ": ", record.status().ToString()));
  }
  return record;
}

// The shard's trials, and which of them have a result.
absl::StatusOr<std::vector<const PlannedTrial*>> ToRun(const SweepPlan& plan,
                                                       const Shard& shard,
                                                       ResultsFile& results,
                                                       TrialCounts& counts) {
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<TrialRecord> records, results.Records());
  std::map<std::string, std::string> outcomes;
  for (const TrialRecord& record : records) outcomes[record.key] = record.outcome();
  std::vector<const PlannedTrial*> to_run;
  for (size_t place = 0; place < plan.trials.size(); ++place) {
    if (!shard.Holds(static_cast<int64_t>(place))) continue;
    const PlannedTrial& trial = plan.trials[place];
    ++counts.planned;
    const auto found = outcomes.find(trial.key);
    if (found == outcomes.end()) {
      to_run.push_back(&trial);
    } else {
      counts.Add(found->second);
    }
  }
  return to_run;
}

BrokenTrial Broken(const PlannedTrial& trial, int64_t attempts, const absl::Status& status) {
  return {.key = trial.key,
          .trial = trial.text,
          .attempts = attempts,
          .code = absl::StatusCodeToString(status.code()),
          .message = std::string(status.message())};
}

absl::Status TooManyBroken(const absl::Status& last, const TrialCounts& counts) {
  return {last.code(), absl::StrCat(last.message(), "; ", kMostBrokenInARow,
                                    " trials in a row came to no end, and ", counts.missing(),
                                    " have no result: run again to go on")};
}

}  // namespace

absl::StatusOr<ShardRun> RunShard(const SweepPlan& plan, const Shard& shard, int retries,
                                  const BeginTrials& begin, const RunTrial& run,
                                  ResultsFile& results, SweepProgress& progress) {
  KVWIRE_RETURN_IF_ERROR(results.Claim(plan.Digest(), shard));
  ShardRun shard_run;
  KVWIRE_ASSIGN_OR_RETURN(const auto to_run, ToRun(plan, shard, results, shard_run.counts));
  shard_run.done_before = shard_run.counts.done();
  if (!to_run.empty()) KVWIRE_RETURN_IF_ERROR(begin());
  progress.Begin(shard_run.counts, to_run);
  int broken_in_a_row = 0;
  for (const PlannedTrial* trial : to_run) {
    const absl::StatusOr<TrialRecord> record = RunWithRetries(*trial, retries, run, progress);
    if (record.ok()) {
      KVWIRE_RETURN_IF_ERROR(results.Record(*record));
      shard_run.counts.Add(record->outcome());
      broken_in_a_row = 0;
    } else {
      KVWIRE_RETURN_IF_ERROR(
          results.RecordBroken(Broken(*trial, 1 + retries, record.status())));
      ++shard_run.counts.broken;
      shard_run.broken.Update(record.status());
      if (++broken_in_a_row == kMostBrokenInARow) {
        progress.End(shard_run.counts);
        return TooManyBroken(record.status(), shard_run.counts);
      }
    }
    progress.Advance(shard_run.counts, *trial);
  }
  progress.End(shard_run.counts);
  return shard_run;
}

}  // namespace kvwire
