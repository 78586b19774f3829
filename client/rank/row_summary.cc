#include "client/rank/row_summary.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/statistics/binomial_interval.h"

namespace kvwire {

std::optional<MeanInterval> Summarize(const RankRow& row, Statistic statistic, int64_t rows) {
  std::vector<double> values;
  for (const RankSample& sample : row.samples) {
    const std::optional<double>& value = sample.Get(statistic);
    if (!value.has_value()) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  MeanInterval summary = StudentInterval(values, kRankConfidence);
  const bool errorless =
      statistic == Statistic::kBitErrorRate &&
      std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
  if (errorless) {
    const int64_t trials = rows * static_cast<int64_t>(values.size());
    summary.interval = ClopperPearson(0, trials, kRankConfidence);
  }
  return summary;
}

std::string_view OutcomeOf(const RankRow& row) {
  if (!row.refusal.empty()) return "refused";
  return row.failure.empty() ? "measured" : "failed";
}

std::optional<bool> RestoreEqual(const RankRow& row) {
  std::optional<bool> equal;
  for (const RankSample& sample : row.samples) {
    if (sample.restore_equal.has_value())
      equal = equal.value_or(true) && *sample.restore_equal;
  }
  return equal;
}

std::vector<std::string> ReasonsOf(const RankRow& row) {
  std::map<std::string, std::vector<uint64_t>> seeds;
  for (const RankSample& sample : row.samples) {
    for (const std::string& reason : sample.reasons) seeds[reason].push_back(sample.seed);
  }
  std::vector<std::string> reasons;
  if (!row.failure.empty()) reasons.push_back(row.failure);
  for (const auto& [reason, found] : seeds) {
    reasons.push_back(absl::StrCat(reason, " (seed ", absl::StrJoin(found, ", "), ")"));
  }
  return reasons;
}

std::vector<const RankRow*> SortedRows(const RankTable& table) {
  std::vector<const RankRow*> rows;
  for (const RankRow& row : table.rows) rows.push_back(&row);
  const auto place = [](const RankRow* row) {
    constexpr double kLast = std::numeric_limits<double>::infinity();
    const auto bits = Summarize(*row, Statistic::kStateBits, 1);
    return std::make_tuple(bits.has_value() ? bits->mean : kLast, row->algorithm, row->server);
  };
  std::stable_sort(rows.begin(), rows.end(), [&place](const RankRow* a, const RankRow* b) {
    return place(a) < place(b);
  });
  return rows;
}

}  // namespace kvwire
