#ifndef KVWIRE_CLIENT_REPORT_H_
#define KVWIRE_CLIENT_REPORT_H_

// A run's result as JSON and as text.

#include <string>

#include "client/run_result.h"
#include "client/verdict.h"

namespace kvwire {

// One JSON object; the keys are documented in the README.
std::string ResultJson(const RunResult& result, const Verdict& verdict);

// A few lines for a person, ending in the verdict.
std::string ResultText(const RunResult& result, const Verdict& verdict);

// The position i d + j as "i.j".
std::string PositionName(int64_t position, int64_t dims);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_REPORT_H_
