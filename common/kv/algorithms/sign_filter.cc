#include "common/kv/algorithms/sign_filter.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/lane_products.h"
#include "common/base/ordered_dot.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

constexpr int64_t kHalf = kProductLanes / 2;

using Vector = __attribute__((vector_size(4 * kHalf))) float;
using Integers = __attribute__((vector_size(4 * kHalf))) int32_t;
using AllBytes = __attribute__((vector_size(4 * kHalf))) uint8_t;
using Bytes = __attribute__((vector_size(kHalf))) uint8_t;

// A sum of n products of binary32 is off by at most n u / (1 - n u) |a| |b|, u = 2^-24, in any
// order, and one of binary64 by far less: at n <= 2^17, twice n u is more than both. What is
// lost where products are next to 0 is below the last term, even where they become 0. Beyond
// kLargest a sum might overflow.
float LargestError(double length, int64_t products) {
  constexpr double kLargest = 0x1p100;
  constexpr int64_t kMostProducts = int64_t{1} << 17;
  if (!(length < kLargest) || products > kMostProducts) {
    return std::numeric_limits<float>::infinity();
  }
  return static_cast<float>(static_cast<double>(products + 4) * 0x1p-23 * length + 0x1p-100);
}

// Tells the signs of products that are no further than `error` from the true ones, of the
// first `count`.
void Tell(const float* products, float error, size_t count, uint8_t* signs) {
  std::array<uint8_t, kProductLanes> told;
  RunWide(
      [](const float* from, float limit, uint8_t* to) KVWIRE_WIDE {
        for (int64_t i = 0; i < kProductLanes; i += kHalf) {
          Vector half;
          FetchVector(from + i, half);
          const Integers sign = SignFilter::kInDoubt + (half > limit) + 2 * (half < -limit);
          AllBytes all;
          FetchVector(&sign, all);
          const Bytes bytes = __builtin_shufflevector(all, all, 0, 4, 8, 12, 16, 20, 24, 28);
          StoreVector(bytes, to + i);
        }
      },
      products, error, told.data());
  std::copy_n(told.begin(), count, signs);
}

}  // namespace

SignFilter::SignFilter(const Matrix& rows) : width_(rows.cols()), longest_(0) {
  const int64_t panels = (rows.rows() + kProductLanes - 1) / kProductLanes;
  columns_.resize(static_cast<size_t>(panels * width_ * kProductLanes));
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const absl::Span<const float> row(rows.row(i).data(), static_cast<size_t>(width_));
    longest_ = std::max(longest_, OrderedNorm(row));
  }
  for (int64_t i = 0; i < rows.rows(); i += kProductLanes) {
    PackLanes(rows.row(i).data(), std::min(kProductLanes, rows.rows() - i), width_,
              columns_.data() + i * width_);
  }
}

void SignFilter::Filter(const Eigen::Ref<const Matrix>& vectors,
                        absl::Span<const int64_t> channels, int64_t count,
                        uint8_t* signs) const {
  const int64_t rows = vectors.rows();
  std::vector<float> errors;
  for (int64_t i = 0; i < rows; ++i) {
    const absl::Span<const float> vector(vectors.row(i).data(), static_cast<size_t>(width_));
    errors.push_back(
        LargestError(OrderedNorm(vector) * longest_, static_cast<int64_t>(channels.size())));
  }
  for (int64_t lane = 0; lane < count; lane += kProductLanes) {
    for (int64_t first = 0; first < rows; first += kProductVectors) {
      const int64_t some = std::min<int64_t>(kProductVectors, rows - first);
      LaneProducts products;
      MultiplyLanes(vectors, first, channels, columns_.data() + lane * width_, products);
      for (int64_t v = 0; v < some; ++v) {
        Tell(&products[static_cast<size_t>(v * kProductLanes)],
             errors[static_cast<size_t>(first + v)],
             static_cast<size_t>(std::min(kProductLanes, count - lane)),
             signs + (first + v) * count + lane);
      }
    }
  }
}

}  // namespace kvwire
