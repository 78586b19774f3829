#include "client/exit_code.h"

#include <nlohmann/json.hpp>

namespace kvwire {

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitGood;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitUsage;
    case absl::StatusCode::kDataLoss:
      return kExitCorrupt;
    case absl::StatusCode::kUnknown:
      return kExitUnexpected;
    default:
      return kExitGrpcBase + static_cast<int>(status.code());
  }
}

std::string ErrorJson(int exit_code, const absl::Status& status) {
  const nlohmann::ordered_json error = {{"exit", exit_code},
                                        {"code", absl::StatusCodeToString(status.code())},
                                        {"message", std::string(status.message())}};
  return nlohmann::ordered_json{{"error", error}}.dump(
      2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace kvwire
