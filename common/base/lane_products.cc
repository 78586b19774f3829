#include "common/base/lane_products.h"

#include <algorithm>

#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

constexpr int64_t kHalf = kProductLanes / 2;

using Vector = __attribute__((vector_size(4 * kHalf))) float;

}  // namespace

void PackLanes(const float* rows, int64_t count, int64_t width, float* columns) {
  // There may be fewer: then the last of them several times, to be put right below.
  std::array<const float*, kProductLanes> lanes;
  for (int64_t lane = 0; lane < kProductLanes; ++lane) {
    lanes[static_cast<size_t>(lane)] = rows + std::min(lane, count - 1) * width;
  }
  for (int64_t i = 0; i < width; ++i) {
    for (size_t lane = 0; lane < lanes.size(); ++lane) *columns++ = lanes[lane][i];
    std::fill(columns - kProductLanes + count, columns, 0.0F);
  }
}

void MultiplyLanes(const Eigen::Ref<const Matrix>& vectors, int64_t first,
                   absl::Span<const int64_t> places, const float* columns,
                   LaneProducts& products) {
  std::array<const float*, kProductVectors> some;
  for (size_t v = 0; v < kProductVectors; ++v) {
    some[v] =
        vectors.row(std::min(first + static_cast<int64_t>(v), vectors.rows() - 1)).data();
  }
  RunWide(
      [](std::array<const float*, kProductVectors> x, const int64_t* at, size_t count,
         const float* lanes, float* out) KVWIRE_WIDE {
        Vector low[kProductVectors] = {};
        Vector high[kProductVectors] = {};
        for (size_t i = 0; i < count; ++i) {
          const float* column = lanes + at[i] * kProductLanes;
          Vector left;
          Vector right;
          FetchVector(column, left);
          FetchVector(column + kHalf, right);
#pragma GCC unroll 4
          for (size_t v = 0; v < kProductVectors; ++v) {
            const float number = x[v][at[i]];
            low[v] += left * number;
            high[v] += right * number;
          }
        }
#pragma GCC unroll 4
        for (size_t v = 0; v < kProductVectors; ++v) {
          StoreVector(low[v], out + v * kProductLanes);
          StoreVector(high[v], out + v * kProductLanes + kHalf);
        }
      },
      some, places.data(), places.size(), columns, products.data());
}

}  // namespace kvwire
