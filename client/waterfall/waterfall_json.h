#ifndef KVWIRE_CLIENT_WATERFALL_WATERFALL_JSON_H_
#define KVWIRE_CLIENT_WATERFALL_WATERFALL_JSON_H_

// Waterfalls as JSON.

#include <nlohmann/json.hpp>
#include <vector>

#include "client/run_result.h"
#include "common/waterfall/capture_census.h"

namespace kvwire {

// Both directions of a run's waterfall with the kernel's counts and the residuals; null if
// there is none.
nlohmann::ordered_json RunWaterfallJson(const RunResult& result);

// The connections of a capture; those that cannot be told apart have an `error`.
nlohmann::ordered_json CaptureJson(const std::vector<CapturedConnection>& connections);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_WATERFALL_WATERFALL_JSON_H_
