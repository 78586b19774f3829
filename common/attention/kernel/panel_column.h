#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_COLUMN_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_COLUMN_H_

// What the two matrix products of a panel have in common: each step multiplies a column of
// kVectors vectors by some broadcast numbers.

#include <cstdint>

#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa, int kVectors>
class PanelColumn {
 public:
  using Vector = typename Isa::Vector;

  static constexpr int64_t kWidth = kVectors * Isa::kLanes;

  // Reads a column, and fetches into the first cache the one that is needed
  // Isa::kColumnsAhead steps later; none if that is 0.
  static inline __attribute__((always_inline)) void Fetch(const float* column, Vector* out) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      out[v] = LaneBlocks<Isa>::Fetch(column + v * Isa::kLanes);
      if (Isa::kColumnsAhead == 0 || v * Isa::kLanes % kLineFloats != 0) continue;
      __builtin_prefetch(column + Isa::kColumnsAhead * kWidth + v * Isa::kLanes);
    }
  }

 private:
  static constexpr int kLineFloats = 16;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_COLUMN_H_
