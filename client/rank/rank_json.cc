#include "client/rank/rank_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "client/rank/row_summary.h"
#include "client/version.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

Json ParametersJson(const RankPlan& plan) {
  const RunOptions& reduction = plan.reduction;
  return {{"seed", reduction.seed},
          {"seeds", plan.seeds},
          {"confidence", kRankConfidence},
          {"d", plan.size.dims},
          {"scale", plan.scale},
          {"random",
           {{"problem", reduction.problem},
            {"n", *reduction.n},
            {"frame", reduction.frame},
            {"sharpness", reduction.sharpness},
            {"encoding", reduction.encoding},
            {"eta", reduction.eta},
            {"eta_mode", reduction.eta_mode}}},
          {"tokens", plan.size.tokens},
          {"queries", plan.size.queries},
          {"scale_tokens", plan.size.scale_tokens},
          {"var_scales", plan.var_sides}};
}

Json StatisticsJson(const RankTable& table, const RankRow& row) {
  Json json = Json::object();
  for (const Statistic statistic : AllStatistics()) {
    const std::optional<MeanInterval> summary = Summarize(row, statistic, table.tokens);
    if (!summary.has_value()) continue;
    Json samples = Json::array();
    for (const RankSample& sample : row.samples) samples.push_back(*sample.Get(statistic));
    json[std::string(StatisticName(statistic))] = {{"mean", summary->mean},
                                                   {"low", summary->interval.lower},
                                                   {"high", summary->interval.upper},
                                                   {"samples", std::move(samples)}};
  }
  return json;
}

Json RowJson(const RankTable& table, const RankRow& row) {
  const std::optional<bool> equal = RestoreEqual(row);
  return {{"spec", row.spec},
          {"algorithm", row.algorithm},
          {"server", row.server},
          {"kind", row.kind},
          {"outcome", OutcomeOf(row)},
          {"refusal", row.refusal.empty() ? Json(nullptr) : Json(row.refusal)},
          {"restore_equal", equal.has_value() ? Json(*equal) : Json(nullptr)},
          {"verdict", {{"ok", row.good()}, {"reasons", ReasonsOf(row)}}},
          {"statistics", StatisticsJson(table, row)}};
}

}  // namespace

std::string RankJson(const RankPlan& plan, absl::Span<const RankTable> tables) {
  Json workloads = Json::array();
  for (const RankTable& table : tables) {
    Json rows = Json::array();
    for (const RankRow* row : SortedRows(table)) rows.push_back(RowJson(table, *row));
    workloads.push_back({{"workload", table.workload},
                         {"description", table.description},
                         {"tokens", table.tokens},
                         {"d", table.dims},
                         {"rows", std::move(rows)}});
  }
  const Json json = {{"version", kVersion},
                     {"parameters", ParametersJson(plan)},
                     {"workloads", std::move(workloads)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kvwire
