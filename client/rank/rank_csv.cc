#include "client/rank/rank_csv.h"

#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/rank/row_summary.h"

namespace kvwire {
namespace {

std::string Quoted(const std::string& field) {
  if (field.find_first_of("\",\r\n") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

std::string Number(double value) { return absl::StrFormat("%.9g", value); }

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
                                     Quoted(row.spec),
                                     Quoted(row.algorithm),
                                     Quoted(row.server),
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
    fields.push_back(Number(summary->mean));
    fields.push_back(Number(summary->interval.lower));
    fields.push_back(Number(summary->interval.upper));
  }
  fields.push_back(
      Quoted(row.refusal.empty() ? absl::StrJoin(ReasonsOf(row), "; ") : row.refusal));
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
