#ifndef KVWIRE_CLIENT_REFUSAL_H_
#define KVWIRE_CLIENT_REFUSAL_H_

#include "absl/status/status.h"

namespace kvwire {

// Whether a service's status says that this is not for that algorithm, which is no fault,
// and would be said again: INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE,
// RESOURCE_EXHAUSTED, UNIMPLEMENTED.
bool IsRefusal(const absl::Status& status);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_REFUSAL_H_
