#include "client/sweep/trial_request.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/problem_options.h"
#include "client/question.h"
#include "client/sharpness.h"
#include "client/spec_template.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::Status CheckRest(const Trial& trial) {
  if (trial.mask != "private" && trial.mask != "none") {
    return absl::InvalidArgumentError(
        absl::StrCat("mask '", trial.mask, "' is neither private nor none"));
  }
  if (static_cast<uint64_t>(trial.seed) < kSeedLimit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("seed ", trial.seed, " is not below 2^53"));
}

// A number where there is one; "solve" takes its time when the trial runs.
absl::Status CheckSharpness(const Trial& trial, PublicParameters parameters) {
  if (trial.sharpness == "solve") return absl::OkStatus();
  KVWIRE_ASSIGN_OR_RETURN(parameters.sharpness, SharpnessOf(trial.sharpness, parameters));
  return CheckParameters(parameters);
}

}  // namespace

RunOptions RunOptionsOf(const Trial& trial, const ServicesOptions& services) {
  RunOptions options;
  options.problem = trial.problem;
  if (trial.scales.empty()) options.n = trial.n;
  options.scales = trial.scales;
  options.dims = trial.dims;
  options.frame = trial.frame;
  options.seed = static_cast<uint64_t>(trial.seed);
  options.sharpness = trial.sharpness;
  options.algorithm = trial.algorithm;
  options.mask = trial.mask;
  options.secret_seed = trial.secret_seed;
  options.encoding = trial.encoding;
  options.eta = trial.eta;
  options.eta_mode = trial.eta_mode;
  options.ask = trial.ask;
  options.memory_limit_bytes = trial.memory_limit_bytes;
  options.services = services;
  return options;
}

absl::StatusOr<Trial> ResolveTrial(const Trial& trial, bool foreign) {
  KVWIRE_RETURN_IF_ERROR(CheckRest(trial));
  ServicesOptions services;
  // To be named is enough; nobody is called.
  if (foreign) services.alice_algorithm = "foreign";
  RunOptions options = RunOptionsOf(trial, services);
  options.sharpness = "paper";
  KVWIRE_ASSIGN_OR_RETURN(const ProblemShape shape, ShapeOf(options, 0));
  KVWIRE_ASSIGN_OR_RETURN(options.algorithm, ExpandSpec(trial.algorithm, shape.tokens()));
  KVWIRE_ASSIGN_OR_RETURN(const PublicParameters parameters, ParametersOf(options, 0));
  KVWIRE_RETURN_IF_ERROR(CheckSharpness(trial, parameters));
  Trial resolved = trial;
  resolved.n = shape.n();
  resolved.scales = HasScales(shape.problem()) ? shape.scales().ToString() : "";
  resolved.algorithm = parameters.algorithm;
  if (resolved.ask.empty()) resolved.ask = DefaultQuestion(parameters);
  KVWIRE_RETURN_IF_ERROR(ParseQuestion(resolved.ask, shape.tokens(), trial.dims).status());
  return resolved;
}

}  // namespace kvwire
