#include "client/rank/rank_run.h"

#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/problem_options.h"
#include "client/rank/reduction_sample.h"
#include "client/refusal.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/workload/var_workload.h"

namespace kvwire {
namespace {

bool EndsEverything(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status);
}

using Servers = absl::Span<const std::unique_ptr<RankServer>>;

// Measures sample k of an algorithm.
using Measure = absl::FunctionRef<absl::StatusOr<RankSample>(
    RankServer& server, const std::string& algorithm, int64_t k)>;

std::string KindOf(const Competitor& competitor) {
  if (!competitor.built_in) return "foreign";
  const auto name = competitor.spec.substr(0, competitor.spec.find_first_of(":+"));
  const absl::StatusOr<const KvAlgorithm*> algorithm = FindAlgorithm(name);
  return std::string(algorithm.ok() ? AlgorithmKindName((*algorithm)->kind) : "unknown");
}

absl::StatusOr<RankRow> MeasureRow(RankServer& server, const Competitor& competitor,
                                   const std::string& scale, int64_t tokens, int64_t seeds,
                                   Measure measure) {
  RankRow row{.spec = competitor.spec,
              .algorithm = competitor.spec,
              .server = server.offer().name,
              .kind = KindOf(competitor),
              .refusal = competitor.refusal};
  if (!row.refusal.empty()) return row;
  const absl::StatusOr<std::string> algorithm = AlgorithmOf(competitor, tokens, scale);
  if (!algorithm.ok()) {
    row.refusal = std::string(algorithm.status().message());
    return row;
  }
  row.algorithm = *algorithm;
  for (int64_t k = 0; k < seeds; ++k) {
    absl::StatusOr<RankSample> sample = measure(server, row.algorithm, k);
    if (EndsEverything(sample.status())) return sample.status();
    if (!sample.ok()) {
      (IsRefusal(sample.status()) ? row.refusal : row.failure) = server.WithoutPlace(
          {sample.status().message().data(), sample.status().message().size()});
      row.samples.clear();
      break;
    }
    row.samples.push_back(*std::move(sample));
  }
  return row;
}

absl::Status MeasureRows(const RankPlan& plan, Servers servers,
                         absl::Span<const Competitor> competitors, const std::string& scale,
                         RankTable& table, Measure measure) {
  for (const Competitor& competitor : competitors) {
    KVWIRE_ASSIGN_OR_RETURN(RankRow row, MeasureRow(*servers[competitor.server], competitor,
                                                    scale, table.tokens, plan.seeds, measure));
    table.rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

uint64_t SeedOf(const RankPlan& plan, int64_t k) {
  return plan.reduction.seed + static_cast<uint64_t>(k);
}

absl::StatusOr<RankTable> RunReduction(const RankPlan& plan, Servers servers,
                                       absl::Span<const Competitor> competitors) {
  // What is wrong with the flags is wrong for every algorithm.
  KVWIRE_ASSIGN_OR_RETURN(const PublicParameters parameters, ParametersOf(plan.reduction, 0));
  RankTable table{.workload = std::string(kRandomWorkload),
                  .bits = true,
                  .tokens = parameters.shape.tokens(),
                  .dims = parameters.dims};
  table.description = absl::StrCat("uniform bits through the reduction, problem ",
                                   std::string(ProblemName(parameters.shape.problem())),
                                   ", L = ", table.tokens, ", d = ", table.dims, ", ",
                                   std::string(KeyFrameName(parameters.frame)), " keys");
  const auto measure = [&plan](RankServer& server, const std::string& algorithm,
                               int64_t k) -> absl::StatusOr<RankSample> {
    KVWIRE_ASSIGN_OR_RETURN(
        const RunRequest request,
        ReductionRequest(server, algorithm, plan.reduction, SeedOf(plan, k)));
    return MeasureReduction(server, request, plan.limits.allow_one_process);
  };
  KVWIRE_RETURN_IF_ERROR(MeasureRows(plan, servers, competitors, "1", table, measure));
  return table;
}

absl::StatusOr<AttentionWorkload> MakeWorkload(const std::string& name, const RankPlan& plan,
                                               uint64_t seed) {
  if (name == kVarWorkload) return GenerateVarWorkload(plan.var_sides, plan.size.dims, seed);
  if (name == kDumpWorkload && plan.dump_workload.has_value()) return *plan.dump_workload;
  for (const GaussianWorkload& workload : GaussianWorkloads()) {
    if (workload.name == name) return DrawWorkload(workload, plan.size, seed);
  }
  return absl::InternalError(absl::StrCat("there is no workload ", name));
}

std::string SummaryOf(const std::string& name, const RankPlan& plan) {
  if (name == kVarWorkload) {
    return absl::StrCat("cache of a VAR transformer, maps ",
                        absl::StrJoin(plan.var_sides, ","), ", the last one asks");
  }
  if (name == kDumpWorkload) return absl::StrCat("the dump ", plan.dump);
  for (const GaussianWorkload& workload : GaussianWorkloads()) {
    if (workload.name == name) return std::string(workload.summary);
  }
  return "";
}

absl::StatusOr<RankTable> RunAttention(const std::string& name, const RankPlan& plan,
                                       Servers servers,
                                       absl::Span<const Competitor> competitors,
                                       Cancellation& cancellation) {
  std::vector<AttentionCase> cases;
  for (int64_t k = 0; k < plan.seeds; ++k) {
    KVWIRE_ASSIGN_OR_RETURN(const AttentionWorkload workload,
                            MakeWorkload(name, plan, SeedOf(plan, k)));
    KVWIRE_ASSIGN_OR_RETURN(const double scale, ScaleFactor(plan.scale, workload.dims()));
    cases.push_back(MakeAttentionCase(workload, scale, SeedOf(plan, k)));
  }
  RankTable table{
      .workload = name, .tokens = cases.front().tokens, .dims = cases.front().dims};
  table.description =
      absl::StrCat(SummaryOf(name, plan), "; n = ", table.tokens, ", d = ", table.dims, ", ",
                   cases.front().queries.rows(), " queries");
  const auto measure = [&](RankServer& server, const std::string& algorithm, int64_t k) {
    return MeasureAttention(server.pair(), algorithm, cases[static_cast<size_t>(k)],
                            plan.limits, cancellation);
  };
  KVWIRE_RETURN_IF_ERROR(MeasureRows(plan, servers, competitors, plan.scale, table, measure));
  return table;
}

}  // namespace

absl::StatusOr<RankTable> RunWorkload(const std::string& workload, const RankPlan& plan,
                                      absl::Span<const std::unique_ptr<RankServer>> servers,
                                      absl::Span<const Competitor> competitors,
                                      Cancellation& cancellation) {
  if (workload == kRandomWorkload) return RunReduction(plan, servers, competitors);
  return RunAttention(workload, plan, servers, competitors, cancellation);
}

}  // namespace kvwire
