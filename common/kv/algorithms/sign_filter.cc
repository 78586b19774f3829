#include "common/kv/algorithms/sign_filter.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "common/attention/kernel/instruction_set.h"
#include "common/base/ordered_dot.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

// Signs that are told at once.
constexpr int64_t kSigns = 8;

using Vector = __attribute__((vector_size(4 * kSigns))) float;
using Integers = __attribute__((vector_size(4 * kSigns))) int32_t;
using AllBytes = __attribute__((vector_size(4 * kSigns))) uint8_t;
using Bytes = __attribute__((vector_size(kSigns))) uint8_t;

constexpr int64_t WholeSigns(int64_t count) { return (count + kSigns - 1) / kSigns * kSigns; }

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

// Tells the signs of WholeSigns(count) products that are no further than `error` from the true
// ones.
void Tell(const float* products, float error, int64_t count, uint8_t* signs) {
  RunWide(
      [](const float* from, float limit, int64_t number, uint8_t* to) KVWIRE_WIDE {
        for (int64_t i = 0; i < number; i += kSigns) {
          Vector some;
          FetchVector(from + i, some);
          const Integers sign = SignFilter::kInDoubt + (some > limit) + 2 * (some < -limit);
          AllBytes all;
          FetchVector(&sign, all);
          const Bytes bytes = __builtin_shufflevector(all, all, 0, 4, 8, 12, 16, 20, 24, 28);
          StoreVector(bytes, to + i);
        }
      },
      products, error, count, signs);
}

// Of products [errors.size(), lanes], those with the first `wanted` lanes; where this writes
// the signs of the next vector's is `stride` further. Reads, and makes nothing of, up to
// kSigns numbers behind the last.
void TellRows(float* products, int64_t lanes, int64_t wanted, absl::Span<const float> errors,
              int64_t stride, uint8_t* signs) {
  std::fill_n(products + static_cast<int64_t>(errors.size()) * lanes, kSigns, 0.0F);
  std::vector<uint8_t> told(static_cast<size_t>(WholeSigns(wanted)));
  for (const float error : errors) {
    if (wanted == WholeSigns(wanted)) {
      Tell(products, error, wanted, signs);
    } else {
      Tell(products, error, WholeSigns(wanted), told.data());
      std::copy_n(told.begin(), wanted, signs);
    }
    products += lanes;
    signs += stride;
  }
}

// The columns `channels` of `count` rows, `stride` numbers apart.
void GatherColumns(const float* rows, int64_t count, int64_t stride,
                   absl::Span<const int64_t> channels, float* out) {
  for (int64_t i = 0; i < count; ++i, rows += stride) {
    for (const int64_t channel : channels) *out++ = rows[channel];
  }
}

// The rows `channels` of rows that are `width` numbers wide.
void GatherRows(const float* rows, int64_t width, absl::Span<const int64_t> channels,
                float* out) {
  for (const int64_t channel : channels) out = std::copy_n(rows + channel * width, width, out);
}

}  // namespace

SignFilter::SignFilter(const Matrix& rows)
    : kernel_(ActiveAttentionKernel()),
      width_(rows.cols()),
      numbers_((rows.rows() + kernel_.lanes) * width_) {
  for (int64_t i = 0; i < rows.rows(); ++i) {
    const absl::Span<const float> row(rows.row(i).data(), static_cast<size_t>(width_));
    longest_ = std::max(longest_, OrderedNorm(row));
  }
  for (int64_t first = 0; first < rows.rows();) {
    const int64_t left = (rows.rows() - first + kernel_.lanes - 1) / kernel_.lanes;
    const Panel panel = {first, std::min(left, kernel_.most_vectors), first * width_};
    float* to = numbers_.data() + panel.offset;
    for (int64_t j = 0; j < width_; ++j) {
      for (int64_t lane = 0; lane < Lanes(panel); ++lane) {
        *to++ = first + lane < rows.rows() ? rows(first + lane, j) : 0;
      }
    }
    panels_.push_back(panel);
    first += Lanes(panel);
  }
}

void SignFilter::Filter(const Eigen::Ref<const Matrix>& vectors,
                        absl::Span<const double> lengths, absl::Span<const int64_t> channels,
                        int64_t count, uint8_t* signs) const {
  assert(static_cast<int64_t>(lengths.size()) == vectors.rows());
  const auto products = static_cast<int64_t>(channels.size());
  const int64_t most_lanes = kernel_.most_vectors * kernel_.lanes;
  std::vector<float> errors;
  for (const double length : lengths) {
    errors.push_back(LargestError(length * longest_, products));
  }
  const bool all = products == width_;
  std::vector<float> some(all ? 0 : static_cast<size_t>(vectors.rows() * products));
  if (!all) {
    GatherColumns(vectors.data(), vectors.rows(), vectors.outerStride(), channels,
                  some.data());
  }
  const float* const keys = all ? vectors.data() : some.data();
  const int64_t stride = all ? vectors.outerStride() : products;
  const AlignedNumbers columns(all ? 0 : products * most_lanes);
  const AlignedNumbers scores(vectors.rows() * most_lanes + kSigns);
  for (const Panel& panel : panels_) {
    if (panel.first >= count) break;
    const float* const rows = all ? NumbersOf(panel) : columns.data();
    if (!all) GatherRows(NumbersOf(panel), Lanes(panel), channels, columns.data());
    kernel_.score(rows, panel.vectors, keys, stride, vectors.rows(), products, scores.data());
    TellRows(scores.data(), Lanes(panel), std::min(Lanes(panel), count - panel.first), errors,
             count, signs + panel.first);
  }
}

}  // namespace kvwire
