#include "common/kv/algorithms/sign_filter.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/ordered_dot.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

// Products are summed side by side: so many rows of so many vectors.
constexpr size_t kVectors = 4;
constexpr int64_t kLanes = 16;
constexpr int64_t kHalf = kLanes / 2;

using Vector = __attribute__((vector_size(4 * kHalf))) float;
using Integers = __attribute__((vector_size(4 * kHalf))) int32_t;
using AllBytes = __attribute__((vector_size(4 * kHalf))) uint8_t;
using Bytes = __attribute__((vector_size(kHalf))) uint8_t;

using Products = std::array<float, kVectors * kLanes>;

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

// The products of vectors with kLanes rows, whose numbers lie side by side in `columns` [w,
// kLanes].
void Multiply(const std::array<const float*, kVectors>& vectors,
              absl::Span<const int64_t> channels, const float* columns, Products& products) {
  RunWide(
      [](std::array<const float*, kVectors> x, const int64_t* places, size_t count,
         const float* lanes, float* out) KVWIRE_WIDE {
        Vector low[kVectors] = {};
        Vector high[kVectors] = {};
        for (size_t i = 0; i < count; ++i) {
          const float* column = lanes + places[i] * kLanes;
          Vector left;
          Vector right;
          FetchVector(column, left);
          FetchVector(column + kHalf, right);
#pragma GCC unroll 4
          for (size_t v = 0; v < kVectors; ++v) {
            const float number = x[v][places[i]];
            low[v] += left * number;
            high[v] += right * number;
          }
        }
#pragma GCC unroll 4
        for (size_t v = 0; v < kVectors; ++v) {
          StoreVector(low[v], out + v * kLanes);
          StoreVector(high[v], out + v * kLanes + kHalf);
        }
      },
      vectors, channels.data(), channels.size(), columns, products.data());
}

// Tells the signs of products that are no further than `error` from the true ones, of the
// first `count`.
void Tell(const float* products, float error, size_t count, uint8_t* signs) {
  std::array<uint8_t, kLanes> told;
  RunWide(
      [](const float* from, float limit, uint8_t* to) KVWIRE_WIDE {
        for (int64_t i = 0; i < kLanes; i += kHalf) {
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
  const int64_t panels = (rows.rows() + kLanes - 1) / kLanes;
  columns_.resize(static_cast<size_t>(panels * width_ * kLanes));
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const absl::Span<const float> row(rows.row(i).data(), static_cast<size_t>(width_));
    longest_ = std::max(longest_, OrderedNorm(row));
    float* lane = columns_.data() + i / kLanes * width_ * kLanes + i % kLanes;
    for (int64_t j = 0; j < width_; ++j) lane[j * kLanes] = row[static_cast<size_t>(j)];
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
  for (int64_t lane = 0; lane < count; lane += kLanes) {
    for (int64_t first = 0; first < rows; first += kVectors) {
      const int64_t some = std::min<int64_t>(kVectors, rows - first);
      std::array<const float*, kVectors> some_vectors;
      for (size_t v = 0; v < kVectors; ++v) {
        // There may be fewer: then the last of them several times.
        const int64_t row = std::min(first + static_cast<int64_t>(v), rows - 1);
        some_vectors[v] = vectors.row(row).data();
      }
      Products products;
      Multiply(some_vectors, channels, columns_.data() + lane * width_, products);
      for (int64_t v = 0; v < some; ++v) {
        Tell(&products[static_cast<size_t>(v * kLanes)],
             errors[static_cast<size_t>(first + v)],
             static_cast<size_t>(std::min(kLanes, count - lane)),
             signs + (first + v) * count + lane);
      }
    }
  }
}

}  // namespace kvwire
