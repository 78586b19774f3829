#ifndef KVWIRE_TESTS_CLIENT_SWEEP_TRIALS_H_
#define KVWIRE_TESTS_CLIENT_SWEEP_TRIALS_H_

// Plans and results that no service has seen.

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "client/sweep/result_columns.h"
#include "client/sweep/sweep_plan.h"

namespace kvwire {

inline Trial TrialAt(int64_t seed) {
  return {.problem = "var",
          .n = 8,
          .scales = "1,2,4,8",
          .dims = 64,
          .frame = "unit",
          .sharpness = "solve",
          .encoding = "bits",
          .eta = 0.25,
          .eta_mode = "worst",
          .mask = "private",
          .ask = "all",
          .algorithm = "exact",
          .seed = seed,
          .secret_seed = "00"};
}

inline SweepPlan PlanOf(int64_t count) {
  std::vector<Trial> trials;
  for (int64_t seed = 1; seed <= count; ++seed) trials.push_back(TrialAt(seed));
  return MakePlan(trials, [](const Trial& trial) -> absl::StatusOr<Trial> { return trial; })
      .value();
}

// Every third trial's verdict fails. What is measured is never the same again.
inline TrialRecord RecordOf(const PlannedTrial& trial) {
  static int64_t calls = 0;
  TrialRecord record{.key = trial.key, .trial = trial.text};
  record.result.resize(ResultColumns().size());
  record.result[0] = std::string(trial.trial.seed % 3 == 0 ? kOutcomeFailed : kOutcomeOk);
  record.result[2] = 0.1 * static_cast<double>(trial.trial.seed);
  record.result[3] = trial.trial.seed * 1000;
  record.measured.resize(MeasuredColumns().size());
  record.measured[0] = int64_t{1};
  record.measured[1] = "a \"reason\",\nand another";
  record.measured[5] = ++calls;
  for (size_t k = 3; k > 0; --k) record.measured[record.measured.size() - k] = "";
  return record;
}

// A folder of its own, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "kvwire_sweep_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string File(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CLIENT_SWEEP_TRIALS_H_
