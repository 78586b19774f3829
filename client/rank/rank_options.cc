#include "client/rank/rank_options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/problem_options.h"
#include "client/secret_bits.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"
#include "common/workload/dump_workload.h"

namespace kvwire {
namespace {

constexpr int64_t kMostSeeds = 1000;

void AddComparisonOptions(CLI::App& app, RankOptions& options) {
  app.add_option(
         "--workload", options.workloads,
         "random, var, clustered, flat, needle, peaky or dump; may be repeated; absent: "
         "all that need no file")
      ->allow_extra_args(false);
  app.add_option(
         "--algorithm", options.algorithms,
         "NAME[:key=value,...]; {n/4} and {n/4-4} stand for shares of the stream; may be "
         "repeated; absent: every algorithm, most at several sizes")
      ->allow_extra_args(false);
  app.add_option("--algorithm-endpoint", options.endpoints,
                 "HOST:PORT[,HOST:PORT] of a foreign server, and of the one that takes up its "
                 "snapshots; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--dump", options.dump,
                 "safetensors file with keys, values and queries: the workload dump");
  app.add_option("--seeds", options.seeds, "how many seeds, 2 at least; absent: 5")
      ->check(CLI::Range(int64_t{2}, kMostSeeds));
  app.add_flag("--quick", options.quick, "2 seeds and small workloads, where nothing is said");
  app.add_option("--csv", options.csv, "write the result as CSV to this file; - for stdout");
  app.add_option("--json", options.run.json,
                 "write the result as JSON to this file; - for stdout");
}

void AddSizeOptions(CLI::App& app, RankOptions& options) {
  app.add_option("--problem", options.run.problem, "of random: the reduction to run")
      ->capture_default_str();
  app.add_option("--n", options.run.n, "of random: the size of the problem; absent: 32");
  AddInstanceOptions(app, options.run);
  app.add_option("--tokens", options.tokens, "n of the Gaussian workloads; absent: 4096");
  app.add_option("--queries", options.queries, "of the Gaussian workloads")
      ->capture_default_str();
  app.add_option("--scale-tokens", options.scale_tokens,
                 "tokens of a scale, of the Gaussian workloads and dump")
      ->capture_default_str();
  app.add_option("--scale", options.scale,
                 "factor of every score, but random's: a number, or rsqrt for 1/sqrt(d)")
      ->capture_default_str();
}

// Reads the dump, if it is among the workloads. Whatever the system calls a file that
// cannot be read, the flag is at fault; a damaged file is DATA_LOSS.
absl::Status ReadDump(RankPlan& plan) {
  const auto& names = plan.workloads;
  if (std::find(names.begin(), names.end(), kDumpWorkload) == names.end()) {
    return absl::OkStatus();
  }
  absl::StatusOr<AttentionWorkload> dump = ReadDumpWorkload(plan.dump, plan.size.scale_tokens);
  if (!dump.ok()) {
    return absl::IsDataLoss(dump.status())
               ? dump.status()
               : absl::InvalidArgumentError(absl::StrCat("--dump ", dump.status().message()));
  }
  plan.dump_workload = *std::move(dump);
  return absl::OkStatus();
}

absl::Status CheckOutputs(const RankOptions& options) {
  if (options.csv == "-" && options.run.json == "-") {
    return absl::InvalidArgumentError("--csv - and --json - both want stdout");
  }
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.csv));
  return CheckWritable(options.run.json);
}

}  // namespace

void AddRankOptions(CLI::App& app, RankOptions& options) {
  options.run.dims = 64;
  options.run.sharpness = "paper";
  AddComparisonOptions(app, options);
  AddSizeOptions(app, options);
  AddLimitOptions(app, options.run);
}

absl::StatusOr<RankPlan> PlanOf(const RankOptions& options) {
  const bool quick = options.quick;
  RankPlan plan{.workloads = options.workloads,
                .algorithms = options.algorithms,
                .seeds = options.seeds.value_or(quick ? 2 : 5),
                .reduction = options.run,
                .size = {.tokens = options.tokens.value_or(quick ? 512 : 4096),
                         .dims = options.run.dims,
                         .queries = options.queries,
                         .scale_tokens = options.scale_tokens},
                .dump = options.dump,
                .scale = options.scale,
                .limits = {.memory_limit_bytes = options.run.memory_limit_bytes,
                           .allow_one_process = options.run.allow_shared_algorithm}};
  plan.var_sides = {1, 2, 3, 4, 5, 6, 8, 10, 13, 16};
  if (quick) plan.var_sides.resize(7);
  plan.reduction.n = options.run.n.value_or(quick ? 16 : 32);
  if (plan.workloads.empty()) plan.workloads = DefaultWorkloads(plan.dump);
  KVWIRE_RETURN_IF_ERROR(CheckWorkloads(plan));
  KVWIRE_RETURN_IF_ERROR(ScaleFactor(plan.scale, 1).status());
  if (plan.reduction.seed + static_cast<uint64_t>(plan.seeds) > kSeedLimit) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--seed ", plan.reduction.seed, " and ", plan.seeds, " seeds are over ", kSeedLimit));
  }
  KVWIRE_RETURN_IF_ERROR(CheckSecretSeeds(options.run.secret_seed));
  KVWIRE_RETURN_IF_ERROR(CheckOutputs(options));
  KVWIRE_RETURN_IF_ERROR(ReadDump(plan));
  return plan;
}

}  // namespace kvwire
