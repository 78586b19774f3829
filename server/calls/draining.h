#ifndef KVWIRE_SERVER_CALLS_DRAINING_H_
#define KVWIRE_SERVER_CALLS_DRAINING_H_

// Whether this process has been asked to end. From then on what is under way is finished and
// nothing new is begun. Thread-safe.

#include "absl/status/status.h"

namespace kvwire {

void BeginDraining();

// For whatever begins a run or a session. Returns UNAVAILABLE once BeginDraining was called.
absl::Status CheckNotDraining();

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_DRAINING_H_
