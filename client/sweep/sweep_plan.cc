#include "client/sweep/sweep_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/sweep/sweep_spec.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

std::string Header(size_t trials) {
  return absl::StrCat("{\"kvwire_sweep_plan\":1,\"trials\":", trials, "}\n");
}

absl::Status NoPlan(size_t line, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", line, " of the plan: ", std::string(why)));
}

PlannedTrial Planned(Trial trial) {
  PlannedTrial planned{.trial = std::move(trial)};
  planned.text = TrialText(planned.trial);
  planned.key = TrialKey(planned.text);
  return planned;
}

}  // namespace

std::string SweepPlan::Text() const {
  std::string text = Header(trials.size());
  for (const PlannedTrial& trial : trials) absl::StrAppend(&text, trial.text, "\n");
  return text;
}

std::string SweepPlan::Digest() const { return TrialKey(Text()); }

absl::StatusOr<SweepPlan> MakePlan(
    const std::vector<Trial>& trials,
    absl::FunctionRef<absl::StatusOr<Trial>(const Trial&)> resolve) {
  SweepPlan plan;
  std::set<std::string> keys;
  for (const Trial& trial : trials) {
    absl::StatusOr<Trial> resolved = resolve(trial);
    if (!resolved.ok()) {
      return absl::Status(
          resolved.status().code(),
          absl::StrCat(resolved.status().message(), "; in trial ", TrialText(trial)));
    }
    PlannedTrial planned = Planned(*std::move(resolved));
    if (keys.insert(planned.key).second) {
      plan.trials.push_back(std::move(planned));
    } else {
      ++plan.repeated;
    }
  }
  return plan;
}

absl::StatusOr<SweepPlan> ParsePlan(std::string_view text) {
  SweepPlan plan;
  std::set<std::string> keys;
  size_t line_number = 1;
  const std::string_view header = text.substr(0, text.find('\n'));
  std::string_view rest = text.substr(std::min(text.size(), header.size() + 1));
  while (!rest.empty()) {
    ++line_number;
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return NoPlan(line_number, "it is cut off");
    if (plan.trials.size() == kMostTrials) return NoPlan(line_number, "it is one too many");
    absl::StatusOr<Trial> trial = ParseTrial(rest.substr(0, end));
    if (!trial.ok()) {
      return NoPlan(line_number,
                    {trial.status().message().data(), trial.status().message().size()});
    }
    plan.trials.push_back(Planned(*std::move(trial)));
    if (!keys.insert(plan.trials.back().key).second) {
      return NoPlan(line_number, "this trial is there twice");
    }
    rest.remove_prefix(end + 1);
  }
  if (absl::StrCat(std::string(header), "\n") != Header(plan.trials.size()) ||
      plan.trials.empty()) {
    return NoPlan(1,
                  absl::StrCat("it does not say that ", plan.trials.size(),
                               " trials follow; this is no whole plan of kvwire sweep plan"));
  }
  return plan;
}

}  // namespace kvwire
