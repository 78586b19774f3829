#ifndef KVWIRE_COMMON_KV_ALGORITHMS_ORTHONORMAL_ROWS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_ORTHONORMAL_ROWS_H_

// Random orthonormal vectors from a public seed, the same bits on every machine.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/counter_rng.h"

namespace kvwire {

// Returns INVALID_ARGUMENT if it would take too long to make `count` rows of `dims`
// numbers orthonormal in groups of at most `dims`: over 2^33 products, some seconds.
absl::Status CheckOrthonormalRows(int64_t count, int64_t dims);

// `count` rows [count, dims], 1 <= count <= dims, uniform over all such rows (Haar):
// row i begins as draws first + i dims .. of rng.Normal and is made orthonormal to those
// before it by the modified Gram-Schmidt process in double. O(count^2 dims).
std::vector<double> OrthonormalRows(const CounterRng& rng, uint64_t first, int64_t count,
                                    int64_t dims);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_ORTHONORMAL_ROWS_H_
