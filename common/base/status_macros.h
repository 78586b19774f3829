#ifndef KVWIRE_COMMON_BASE_STATUS_MACROS_H_
#define KVWIRE_COMMON_BASE_STATUS_MACROS_H_

// Early return on a failed absl::Status. These two macros can go once the
// oldest supported Abseil ships absl/status/status_macros.h.

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression` is not OK.
#define KVWIRE_RETURN_IF_ERROR(expression)         \
  do {                                             \
    absl::Status kvwire_status = (expression);     \
    if (!kvwire_status.ok()) return kvwire_status; \
  } while (false)

// Evaluates `expression` (an absl::StatusOr<T>); returns its status on failure,
// else assigns its value to `lhs`, which may declare a variable.
#define KVWIRE_ASSIGN_OR_RETURN(lhs, expression) \
  KVWIRE_ASSIGN_OR_RETURN_IMPL(KVWIRE_CONCAT(kvwire_or_, __LINE__), lhs, expression)

#define KVWIRE_ASSIGN_OR_RETURN_IMPL(result, lhs, expression) \
  auto result = (expression);                                 \
  if (!result.ok()) return std::move(result).status();        \
  lhs = std::move(result).value()

#define KVWIRE_CONCAT(a, b) KVWIRE_CONCAT_IMPL(a, b)
#define KVWIRE_CONCAT_IMPL(a, b) a##b

#endif  // KVWIRE_COMMON_BASE_STATUS_MACROS_H_
