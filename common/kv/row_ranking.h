#ifndef KVWIRE_COMMON_KV_ROW_RANKING_H_
#define KVWIRE_COMMON_KV_ROW_RANKING_H_

// Choosing rows by their scores.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace kvwire {

// The indices of the `count` largest of `scores`, increasing; of equal scores the lowest
// indices. 0 <= count <= scores.size(); no score is a NaN. O(n log n).
std::vector<int64_t> LargestScores(absl::Span<const double> scores, int64_t count);

enum class Pooling { kSum, kMax };

// Each score pooled with its neighbours, `kernel` (odd) of them in all; past the ends there
// are none. A sum ranks as the average does that counts zeros past the ends. O(n kernel).
std::vector<double> PooledScores(absl::Span<const double> scores, int64_t kernel,
                                 Pooling pooling);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ROW_RANKING_H_
