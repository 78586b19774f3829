#include "client/sweep/trial_counts.h"

#include "absl/strings/str_cat.h"
#include "client/sweep/result_columns.h"

namespace kvwire {

void TrialCounts::Add(const std::string& outcome) {
  ++(outcome == kOutcomeOk ? ok : outcome == kOutcomeRefused ? refused : failed);
}

std::string TrialCounts::ToString() const {
  return absl::StrCat(planned, planned == 1 ? " trial: " : " trials: ", ok, " ok, ", failed,
                      " failed, ", refused, " refused, ", broken, " broken, ",
                      missing() - broken, " missing");
}

}  // namespace kvwire
