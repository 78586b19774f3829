#ifndef KVWIRE_CLIENT_DEMO_SCALING_H_
#define KVWIRE_CLIENT_DEMO_SCALING_H_

// The demo's second part: how wire bytes grow with n and d.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/run_options.h"

namespace kvwire {

// Runs `bitplane` and `exact` with random bits at n = 8 .. 128 and d = 64, 128, and
// prints wire bytes and exponents; appends every result as JSON to `results`. Returns
// whether every verdict was good.
absl::StatusOr<bool> ShowScaling(Driver& driver, const RunOptions& options,
                                 std::vector<std::string>& results);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_DEMO_SCALING_H_
