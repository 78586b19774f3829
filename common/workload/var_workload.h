#ifndef KVWIRE_COMMON_WORKLOAD_VAR_WORKLOAD_H_
#define KVWIRE_COMMON_WORKLOAD_VAR_WORKLOAD_H_

// The KV cache of a VAR transformer (common/var) as a workload: what must survive until
// the last map is made, and the queries of that map.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/workload/attention_workload.h"

namespace kvwire {

// Generates maps of these sides from seeded weights and a seeded X_init, over an exact
// cache. Tokens are those of all maps but the last, a map a scale, each with its own
// query; `queries` are those of the last map, which ask the earlier ones alone here: its
// own tokens, exact in any cache, would only hide what became of the others. Queries hold
// the factor 1/sqrt(d). Errors as CheckVarOptions, and
// INVALID_ARGUMENT unless 1 <= d <= kMaxVarDims, and on fewer than two maps or more than
// kMaxWorkloadNumbers numbers.
absl::StatusOr<AttentionWorkload> GenerateVarWorkload(const std::vector<int64_t>& sides,
                                                      int64_t dims, uint64_t seed);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WORKLOAD_VAR_WORKLOAD_H_
