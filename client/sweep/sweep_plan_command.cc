#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/result_file.h"
#include "client/sweep/sweep_commands.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/sweep_spec.h"
#include "client/sweep/text_file.h"
#include "client/sweep/trial_request.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct SweepPlanOptions {
  std::string spec;
  std::string output = "-";
  bool foreign = false;
};

absl::StatusOr<int> PlanCommand(const SweepPlanOptions& options) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.output));
  KVWIRE_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.spec));
  absl::StatusOr<std::vector<Trial>> trials = ParseSweepSpec(text);
  if (!trials.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.spec, ": ", trials.status().message()));
  }
  const auto resolve = [&options](const Trial& trial) {
    return ResolveTrial(trial, options.foreign);
  };
  KVWIRE_ASSIGN_OR_RETURN(const SweepPlan plan, MakePlan(*trials, resolve));
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.output, plan.Text()));
  std::cerr << "plan " << plan.Digest() << ": " << plan.trials.size() << " trials";
  if (plan.repeated > 0) std::cerr << "; " << plan.repeated << " that equal another left out";
  std::cerr << std::endl;
  return kExitGood;
}

}  // namespace

Command AddSweepPlanCommand(CLI::App& app) {
  app.description(
      "Writes the trials of a spec, one a line: what every shard of the sweep is given.\n"
      "The spec is JSON: {\"grids\": [{\"problem\": \"var\", \"n\": [8, 16], \"d\": 64,\n"
      "\"algorithm\": [\"bitplane\", \"streaming:window={n/4-4}\"], \"seeds\": 10}]}");
  const auto options = std::make_shared<SweepPlanOptions>();
  app.add_option("spec", options->spec, "the spec, a file; - for stdin")->required();
  app.add_option("--output", options->output, "where the plan goes; - for stdout")
      ->capture_default_str();
  app.add_flag("--foreign", options->foreign,
               "the algorithms are another server's: their names are not checked");
  return [options] { return PlanCommand(*options); };
}

}  // namespace kvwire
