#include "client/conformance/conformance_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/version.h"

namespace kvwire::conformance {
namespace {

using Json = nlohmann::ordered_json;

std::string FailureText(const CaseTable& table, const CaseResult& result) {
  return absl::StrCat(table.title, ", ", std::string(result.which->name), ": ",
                      result.finding.detail);
}

std::vector<std::string> Failures(const ConformanceReport& report) {
  std::vector<std::string> failures;
  for (const CaseTable& table : report.tables) {
    for (const CaseResult& result : table.results) {
      if (result.finding.outcome != Outcome::kFail) continue;
      failures.push_back(FailureText(table, result));
    }
  }
  return failures;
}

Json TableJson(const CaseTable& table) {
  Json cases = Json::array();
  for (const CaseResult& result : table.results) {
    cases.push_back({{"case", result.which->name},
                     {"rule", result.which->rule},
                     {"outcome", OutcomeName(result.finding.outcome)},
                     {"detail", result.finding.detail}});
  }
  return {{"title", table.title}, {"setup", table.setup}, {"cases", std::move(cases)}};
}

}  // namespace

int64_t ConformanceReport::Count(Outcome outcome) const {
  int64_t count = 0;
  for (const CaseTable& table : tables) count += table.Count(outcome);
  return count;
}

bool ConformanceReport::ok() const {
  return Count(Outcome::kFail) == 0 && Count(Outcome::kPass) > 0;
}

std::string TableText(const CaseTable& table) {
  std::string text = table.title;
  if (!table.setup.empty()) absl::StrAppend(&text, " (", table.setup, ")");
  absl::StrAppend(&text, "\n");
  // Where no setup was taken there is one line to read.
  const int64_t skipped = table.Count(Outcome::kSkip);
  const bool no_setup = skipped > 0 && skipped + 1 == std::ssize(table.results);
  for (const CaseResult& result : table.results) {
    if (no_setup && result.finding.outcome == Outcome::kSkip) continue;
    const bool passed = result.finding.outcome == Outcome::kPass;
    absl::StrAppendFormat(&text, "  %-30s %-5s %s\n", std::string(result.which->name),
                          std::string(OutcomeName(result.finding.outcome)),
                          passed ? std::string(result.which->rule) : result.finding.detail);
  }
  if (no_setup) {
    absl::StrAppendFormat(&text, "  and %d more cases skip\n", skipped);
  }
  return text;
}

std::string SummaryText(const ConformanceReport& report) {
  std::string text = absl::StrFormat(
      "%s: %d passed, %d failed, %d skipped, %d not applicable\n", report.endpoint,
      report.Count(Outcome::kPass), report.Count(Outcome::kFail), report.Count(Outcome::kSkip),
      report.Count(Outcome::kNotApplicable));
  for (const std::string& failure : Failures(report)) {
    absl::StrAppend(&text, "  ", failure, "\n");
  }
  return text;
}

std::string ReportJson(const ConformanceReport& report) {
  Json tables = Json::array();
  for (const CaseTable& table : report.tables) tables.push_back(TableJson(table));
  const Json json = {{"version", kVersion},
                     {"endpoint", report.endpoint},
                     {"process_id", report.process_id},
                     {"passed", report.Count(Outcome::kPass)},
                     {"failed", report.Count(Outcome::kFail)},
                     {"skipped", report.Count(Outcome::kSkip)},
                     {"not_applicable", report.Count(Outcome::kNotApplicable)},
                     {"tables", std::move(tables)},
                     {"verdict", {{"ok", report.ok()}, {"reasons", Failures(report)}}}};
  // A server's message may hold any bytes.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kvwire::conformance
