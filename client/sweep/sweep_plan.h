#ifndef KVWIRE_CLIENT_SWEEP_SWEEP_PLAN_H_
#define KVWIRE_CLIENT_SWEEP_SWEEP_PLAN_H_

// A sweep, trial by trial: what every machine of it is given. Equal specs make equal plans,
// to the byte. As text:
//
//   plan   = header *trial
//   header = {"kvwire_sweep_plan":1,"trials":N} LF
//   trial  = a trial's text (trial.h) LF

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/sweep/trial.h"

namespace kvwire {

struct PlannedTrial {
  Trial trial;
  std::string text;
  std::string key;
};

struct SweepPlan {
  std::vector<PlannedTrial> trials;  // no key twice
  int64_t repeated = 0;              // trials that were left out because an equal one is there

  std::string Text() const;
  // 32 hexadecimal digits that tell plans apart.
  std::string Digest() const;
};

// Plans these trials in order, an equal one once, each as `resolve` writes it. Errors are
// resolve's, with the trial.
absl::StatusOr<SweepPlan> MakePlan(
    const std::vector<Trial>& trials,
    absl::FunctionRef<absl::StatusOr<Trial>(const Trial&)> resolve);

// Inverts SweepPlan::Text. Returns INVALID_ARGUMENT, naming the line, on any other text:
// half a plan, or one that was changed by hand, is none.
absl::StatusOr<SweepPlan> ParsePlan(std::string_view text);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SWEEP_PLAN_H_
