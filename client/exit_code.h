#ifndef KVWIRE_CLIENT_EXIT_CODE_H_
#define KVWIRE_CLIENT_EXIT_CODE_H_

// What the kvwire command returns, and how it reports an error.

#include <string>

#include "absl/status/status.h"

namespace kvwire {

enum ExitCode {
  kExitGood = 0,
  kExitUnexpected = 1,
  kExitUsage = 2,
  kExitVerdict = 3,
  kExitCorrupt = 4,
  kExitGrpcBase = 64,  // + the canonical code
};

// 2 for INVALID_ARGUMENT and OUT_OF_RANGE, 4 for DATA_LOSS, 1 for UNKNOWN, else
// 64 + code; 78 is UNAVAILABLE.
int ExitCodeOf(const absl::Status& status);

// {"error": {"exit": ..., "code": "...", "message": "..."}}
std::string ErrorJson(int exit_code, const absl::Status& status);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_EXIT_CODE_H_
