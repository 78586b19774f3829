#include "client/sweep/results_schema.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/sweep/result_columns.h"

namespace kvwire {
namespace {

std::string Names(absl::Span<const Column> columns) {
  return absl::StrJoin(columns, ", ", [](std::string* out, const Column& column) {
    absl::StrAppend(out, column.name);
  });
}

std::string Definitions(absl::Span<const Column> columns) {
  std::string text;
  for (size_t k = 0; k < columns.size(); ++k) {
    absl::StrAppend(&text, "  ", columns[k].name, " ", columns[k].type,
                    k + 1 < columns.size() ? "," : "", "  -- ", columns[k].meaning, "\n");
  }
  return text;
}

std::string Questions(size_t count) {
  return absl::StrJoin(std::vector<std::string>(count, "?"), ", ");
}

}  // namespace

std::string ResultsSchema() {
  return absl::StrCat(
      "PRAGMA application_id = ", kResultsApplicationId,
      ";\nPRAGMA user_version = ", kResultsVersion, ";\n",
      "CREATE TABLE shard (  -- which parts of plans are kept here\n"
      "  plan TEXT PRIMARY KEY,  -- its digest\n"
      "  shard TEXT NOT NULL  -- I/N\n"
      ") WITHOUT ROWID;\n"
      "CREATE TABLE result (  -- follows from the trial alone\n"
      "  key TEXT PRIMARY KEY,  -- the first half of the SHA-256 of the trial\n"
      "  trial TEXT NOT NULL,  -- JSON\n",
      Definitions(ResultColumns()),
      ") WITHOUT ROWID;\n"
      "CREATE TABLE measured (  -- differs from run to run\n"
      "  key TEXT PRIMARY KEY REFERENCES result,\n",
      Definitions(MeasuredColumns()),
      ") WITHOUT ROWID;\n"
      "CREATE TABLE broken (  -- came to no end; the next run tries again\n"
      "  key TEXT PRIMARY KEY,\n"
      "  trial TEXT NOT NULL,\n"
      "  attempts INTEGER NOT NULL,\n"
      "  code TEXT NOT NULL,  -- of the last one's error\n"
      "  message TEXT NOT NULL\n"
      ") WITHOUT ROWID;\n");
}

std::string InsertResultSql() {
  return absl::StrCat("INSERT OR IGNORE INTO result VALUES (",
                      Questions(2 + ResultColumns().size()), ")");
}

std::string InsertMeasuredSql() {
  return absl::StrCat("INSERT OR IGNORE INTO measured VALUES (",
                      Questions(1 + MeasuredColumns().size()), ")");
}

std::string SelectResultSql() {
  return absl::StrCat("SELECT trial, ", Names(ResultColumns()), " FROM result WHERE key = ?");
}

std::string SelectRecordsSql() {
  return absl::StrCat("SELECT key, trial, ", Names(ResultColumns()), ", ",
                      Names(MeasuredColumns()), " FROM result JOIN measured USING (key) ",
                      "ORDER BY key");
}

}  // namespace kvwire
