#ifndef KVWIRE_TESTS_STATUS_STATUS_MATCHERS_H_
#define KVWIRE_TESTS_STATUS_STATUS_MATCHERS_H_

// Matchers of absl::Status and absl::StatusOr. This file can go once the oldest
// supported Abseil ships absl/status/status_matchers.h.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace kvwire {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// Matches the code, and the message by a matcher of strings or a string.
MATCHER_P2(StatusIs, code, message, "") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString();
  return status.code() == code && ::testing::Matches(message)(std::string(status.message()));
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_STATUS_STATUS_MATCHERS_H_
