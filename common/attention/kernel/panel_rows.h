#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_ROWS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_ROWS_H_

// Rows of queries into the lanes of a panel, and its outputs back into rows.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa>
class PanelRows {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;
  static constexpr int64_t kLanes = Isa::kLanes;

  // As AttentionKernel::load.
  static void Load(const float* queries, int64_t stride, int64_t rows, int64_t dims,
                   float zero_rows, const QueryPanel& panel) {
    // Zero keys score 0 whatever the query; without them nothing is seen yet.
    const float top = zero_rows > 0 ? 0 : -__FLT_MAX__;
    if (panel.vectors == 0) {
      for (int64_t j = 0; j < dims; ++j) panel.queries[j] = queries[j];
      for (int64_t j = 0; j < dims; ++j) panel.outputs[j] = 0;
      *panel.tops = top;
      *panel.masses = zero_rows;
      return;
    }
    const int64_t width = panel.vectors * kLanes;
    for (int64_t first = 0; first < width; first += kLanes) {
      Blocks::ToLanes(queries + first * stride, stride, rows - first, dims,
                      panel.queries + first, width);
      Blocks::Store(panel.tops + first, Isa::All(top));
      Blocks::Store(panel.masses + first, Isa::All(zero_rows));
    }
    for (int64_t i = 0; i < dims * width; i += kLanes) {
      Blocks::Store(panel.outputs + i, Vector{});
    }
  }

  // As AttentionKernel::store.
  static void Store(const QueryPanel& panel, int64_t rows, int64_t dims, float* outputs,
                    int64_t stride) {
    if (panel.vectors == 0) {
      const float share = *panel.masses == 0 ? 0 : 1 / *panel.masses;
      for (int64_t j = 0; j < dims; ++j) outputs[j] = panel.outputs[j] * share;
      return;
    }
    const int64_t width = panel.vectors * kLanes;
    for (int64_t first = 0; first < rows; first += kLanes) {
      const Vector mass = Blocks::Fetch(panel.masses + first);
      const Vector shares = mass == Vector{} ? Vector{} : Isa::All(1) / mass;
      Blocks::FromLanes(panel.outputs + first, width, shares, rows - first, dims,
                        outputs + first * stride, stride);
    }
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_ROWS_H_
