#ifndef KVWIRE_CLIENT_WATERFALL_WATERFALL_TEXT_H_
#define KVWIRE_CLIENT_WATERFALL_WATERFALL_TEXT_H_

// Waterfalls as tables for people.

#include <string>
#include <vector>

#include "client/run_result.h"
#include "common/waterfall/capture_census.h"

namespace kvwire {

// A run's waterfall down to the kernel's counts and the residuals; empty if there is none.
std::string RunWaterfallText(const RunResult& result);

// Each connection of a capture, or why its bytes are not known.
std::string CaptureText(const std::vector<CapturedConnection>& connections);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_WATERFALL_WATERFALL_TEXT_H_
