#include "client/sweep/results_dump.h"

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/csv_field.h"
#include "client/sweep/trial.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

Json ValueJson(const Value& value) {
  return std::visit(
      [](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return Json(nullptr);
        } else {
          return Json(held);
        }
      },
      value);
}

void Append(absl::Span<const Column> columns, const std::vector<Value>& values, Json& row) {
  for (size_t k = 0; k < columns.size(); ++k) row[columns[k].name] = ValueJson(values[k]);
}

Json RowOf(const TrialRecord& record, const Trial& trial, bool measured) {
  Json row = {{"key", record.key}};
  row.update(TrialJson(trial));
  Append(ResultColumns(), record.result, row);
  if (measured) Append(MeasuredColumns(), record.measured, row);
  return row;
}

absl::StatusOr<std::vector<Json>> Rows(const SweepResults& results, bool measured) {
  std::map<Trial, const TrialRecord*> sorted;
  for (const auto& [key, record] : results.records) {
    const absl::StatusOr<Trial> trial = ParseTrial(record.trial);
    if (!trial.ok() || TrialKey(record.trial) != key) {
      return absl::DataLossError(
          absl::StrCat("the trial of the result ", key, " is damaged: ", record.trial));
    }
    sorted[*trial] = &record;
  }
  std::vector<Json> rows;
  for (const auto& [trial, record] : sorted) rows.push_back(RowOf(*record, trial, measured));
  return rows;
}

std::string Dumped(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string Field(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return Dumped(value);
  return CsvField(value.get<std::string>());
}

// The names of the columns, from the row of a trial that is none.
std::vector<std::string> Names(bool measured) {
  TrialRecord record;
  record.result.resize(ResultColumns().size());
  record.measured.resize(MeasuredColumns().size());
  std::vector<std::string> names;
  const Json row = RowOf(record, {}, measured);
  for (const auto& [name, value] : row.items()) names.push_back(name);
  return names;
}

}  // namespace

absl::StatusOr<std::string> ResultsCsv(const SweepResults& results, bool measured) {
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<Json> rows, Rows(results, measured));
  std::string csv = absl::StrJoin(Names(measured), ",") + "\n";
  for (const Json& row : rows) {
    std::vector<std::string> fields;
    for (const Json& value : row) fields.push_back(Field(value));
    absl::StrAppend(&csv, absl::StrJoin(fields, ","), "\n");
  }
  return csv;
}

absl::StatusOr<std::string> ResultsJson(const SweepResults& results, bool measured) {
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<Json> rows, Rows(results, measured));
  const std::string lines = absl::StrJoin(rows, ",\n", [](std::string* out, const Json& row) {
    absl::StrAppend(out, Dumped(row));
  });
  return absl::StrCat("[\n", lines, "\n]\n");
}

}  // namespace kvwire
