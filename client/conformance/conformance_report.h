#ifndef KVWIRE_CLIENT_CONFORMANCE_CONFORMANCE_REPORT_H_
#define KVWIRE_CLIENT_CONFORMANCE_CONFORMANCE_REPORT_H_

// What the conformance cases found, for people and for programs.

#include <cstdint>
#include <string>
#include <vector>

#include "client/conformance/run_cases.h"

namespace kvwire::conformance {

struct ConformanceReport {
  std::string endpoint;
  uint64_t process_id = 0;
  std::vector<CaseTable> tables;

  int64_t Count(Outcome outcome) const;
  // Without a failure and with at least one pass.
  bool ok() const;
};

// One table, a line a case.
std::string TableText(const CaseTable& table);

// The counts of all, and a line for each failure.
std::string SummaryText(const ConformanceReport& report);

// {"version", "endpoint", "process_id", "passed", "failed", "skipped", "not_applicable",
//  "tables": [{"title" ("server", or an algorithm as it was opened), "setup",
//              "cases": [{"case", "rule", "outcome", "detail"}]}],
//  "verdict": {"ok", "reasons"}}
std::string ReportJson(const ConformanceReport& report);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_CONFORMANCE_REPORT_H_
