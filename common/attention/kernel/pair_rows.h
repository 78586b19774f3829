#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PAIR_ROWS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PAIR_ROWS_H_

// What attention over pairs does row by row, its lanes being coordinates.

#include <cstdint>

#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa>
class PairRows {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;
  static constexpr int64_t kLanes = Isa::kLanes;

  // As AttentionKernel::multiply.
  static void Multiply(const float* rows, int64_t stride, int64_t count, const float* factors,
                       int64_t dims, float* out) {
    for (int64_t row = 0; row < count; ++row, rows += stride, out += dims) {
      int64_t j = 0;
      for (; j + kLanes <= dims; j += kLanes) {
        Blocks::Store(out + j, Blocks::Fetch(rows + j) * Blocks::Fetch(factors + j));
      }
      for (; j < dims; ++j) out[j] = rows[j] * factors[j];
    }
  }

  // As AttentionKernel::combine.
  static void Combine(const float* weights, const float* outputs, const float* values,
                      int64_t stride, int64_t count, int64_t dims, float* sum) {
    int64_t j = 0;
    for (; j + kColumns * kLanes <= dims; j += kColumns * kLanes) {
      CombineColumns<kColumns>(weights, outputs + j, dims, values + j, stride, count, sum + j);
    }
    for (; j + kLanes <= dims; j += kLanes) {
      CombineColumns<1>(weights, outputs + j, dims, values + j, stride, count, sum + j);
    }
    for (; j < dims; ++j) {
      // In lane 0 of vectors, so that it rounds as the others do.
      Vector total = {};
      for (int64_t row = 0; row < count; ++row) {
        const Vector output = Isa::All(weights[row]) * Isa::All(outputs[row * dims + j]);
        total = Isa::MultiplyAdd(output, Isa::All(values[row * stride + j]), total);
      }
      sum[j] = total[0];
    }
  }

 private:
  static constexpr int kColumns = 4;  // vectors of them, summed at once

  template <int kVectors>
  static void CombineColumns(const float* weights, const float* outputs, int64_t dims,
                             const float* values, int64_t stride, int64_t count, float* sum) {
    Vector totals[kVectors] = {};
    for (int64_t row = 0; row < count; ++row) {
      const Vector weight = Isa::All(weights[row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const Vector output = weight * Blocks::Fetch(outputs + row * dims + v * kLanes);
        const Vector value = Blocks::Fetch(values + row * stride + v * kLanes);
        totals[v] = Isa::MultiplyAdd(output, value, totals[v]);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) Blocks::Store(sum + v * kLanes, totals[v]);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PAIR_ROWS_H_
