#ifndef KVWIRE_COMMON_BASE_PARALLEL_H_
#define KVWIRE_COMMON_BASE_PARALLEL_H_

// Data parallelism over independent items. Results never depend on the number
// of threads: an item's work is the same whichever thread does it.

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace kvwire {

// Sets how many threads ParallelFor uses, the caller included; 0 (the default)
// means one a core. The first ParallelFor that needs threads starts them: a later
// call can lower the number but not raise it.
void SetParallelThreads(int threads);
int ParallelThreads();

// Calls item(i) for each 0 <= i < count and returns when all are done. The caller
// works too, so a busy pool can delay a call but never block it: it is thread safe,
// and `item` may itself call ParallelFor. An item must not wait for another item.
void ParallelFor(int64_t count, absl::FunctionRef<void(int64_t)> item);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_PARALLEL_H_
