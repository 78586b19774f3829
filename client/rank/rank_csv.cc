#include "client/rank/rank_csv.h"

#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/csv_field.h"
#include "client/rank/row_summary.h"

namespace kvwire {
namespace {

std::string Head() {
  std::vector<std::string> columns = {"workload",  "tokens",        "d",      "spec",
                                      "algorithm", "server",        "kind",   "outcome",
                                      "seeds",     "restore_equal", "verdict"};
  for (const Statistic statistic : AllStatistics()) {
    for (const char* part : {"_mean", "_low", "_high"}) {
      columns.push_back(absl::StrCat(std::string(StatisticName(statistic)), part));
    }
  }
  columns.emplace_back("reason");
  return absl::StrJoin(columns, ",");
}

std::string Line(const RankTable& table, const RankRow& row) {
  const std::optional<bool> equal = RestoreEqual(row);
  std::vector<std::string> fields = {table.workload,
                                     absl::StrCat(table.tokens),
                                     absl::StrCat(table.dims),
                                     CsvField(row.spec),
                                     CsvField(row.algorithm),
                                     CsvField(row.server),
                                     row.kind,
                                     std::string(OutcomeOf(row)),
                                     absl::StrCat(row.samples.size()),
                                     equal.has_value() ? (*equal ? "yes" : "no") : "",
                                     row.good() ? "ok" : "failed"};
  for (const Statistic statistic : AllStatistics()) {
    const std::optional<MeanInterval> summary = Summarize(row, statistic, table.tokens);
    if (!summary.has_value()) {
      fields.insert(fields.end(), 3, "");
      continue;
    }
    fields.push_back(CsvField(summary->mean));
    fields.push_back(CsvField(summary->interval.lower));
    fields.push_back(CsvField(summary->interval.upper));
  }
  fields.push_back(
      CsvField(row.refusal.empty() ? absl::StrJoin(ReasonsOf(row), "; ") : row.refusal));
  return absl::StrJoin(fields, ",");
}

}  // namespace

std::string RankCsv(absl::Span<const RankTable> tables) {
  std::string csv = Head() + "\n";
  for (const RankTable& table : tables) {
    for (const RankRow* row : SortedRows(table))
      absl::StrAppend(&csv, Line(table, *row), "\n");
  }
  return csv;
}

}  // namespace kvwire
