#include "client/sweep/sweep_results.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/sweep/results_file.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

bool Same(const TrialRecord& one, const TrialRecord& other) {
  return one.trial == other.trial && one.result == other.result;
}

}  // namespace

absl::StatusOr<SweepResults> ReadResults(const std::vector<std::string>& paths) {
  SweepResults results;
  std::map<std::string, std::string> path_of;
  for (const std::string& path : paths) {
    KVWIRE_ASSIGN_OR_RETURN(ResultsFile file, ResultsFile::OpenToRead(path));
    KVWIRE_ASSIGN_OR_RETURN(std::vector<TrialRecord> records, file.Records());
    for (TrialRecord& record : records) {
      const std::string key = record.key;
      const auto [known, is_new] = results.records.try_emplace(key, std::move(record));
      if (is_new) path_of[key] = path;
      if (is_new || Same(known->second, record)) continue;
      return absl::DataLossError(absl::StrCat(
          path_of[key], " and ", path, " have different results of the trial ", key, " (",
          known->second.trial, "): were they made by different versions of kvwire?"));
    }
    KVWIRE_ASSIGN_OR_RETURN(const std::vector<BrokenTrial> broken, file.BrokenTrials());
    for (const BrokenTrial& trial : broken) results.broken.emplace(trial.key, trial);
  }
  for (const auto& [key, record] : results.records) results.broken.erase(key);
  return results;
}

TrialCounts CountTrials(const SweepPlan& plan, const SweepResults& results) {
  TrialCounts counts{.planned = static_cast<int64_t>(plan.trials.size())};
  for (const PlannedTrial& trial : plan.trials) {
    const auto record = results.records.find(trial.key);
    if (record != results.records.end()) {
      counts.Add(record->second.outcome());
    } else if (results.broken.contains(trial.key)) {
      ++counts.broken;
    }
  }
  return counts;
}

std::vector<TrialRecord> RecordsOf(const SweepPlan& plan, const SweepResults& results) {
  std::vector<TrialRecord> records;
  for (const PlannedTrial& trial : plan.trials) {
    const auto record = results.records.find(trial.key);
    if (record != results.records.end()) records.push_back(record->second);
  }
  return records;
}

}  // namespace kvwire
