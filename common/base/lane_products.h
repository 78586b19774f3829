#ifndef KVWIRE_COMMON_BASE_LANE_PRODUCTS_H_
#define KVWIRE_COMMON_BASE_LANE_PRODUCTS_H_

// Many inner products of binary32 in little time: of kProductVectors vectors with
// kProductLanes rows that lie side by side. Sums are in the order of the numbers, and none is
// fused: the same bits on any machine.

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/matrix.h"

namespace kvwire {

inline constexpr size_t kProductVectors = 4;
inline constexpr int64_t kProductLanes = 16;

// [kProductVectors, kProductLanes].
using LaneProducts = std::array<float, kProductVectors * kProductLanes>;

// Lays rows [count, width], 1 <= count <= kProductLanes, side by side, and zeros beside them,
// into `columns` [width, kProductLanes].
void PackLanes(const float* rows, int64_t count, int64_t width, float* columns);

// Writes the products of `vectors` first, first + 1, .. with the rows of `columns`, over the
// numbers at `places` of both. Where fewer are left, the last one stands in for the others.
// O(places).
void MultiplyLanes(const Eigen::Ref<const Matrix>& vectors, int64_t first,
                   absl::Span<const int64_t> places, const float* columns,
                   LaneProducts& products);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_LANE_PRODUCTS_H_
