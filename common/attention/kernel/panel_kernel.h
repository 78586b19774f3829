#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_

// The functions of an AttentionKernel for the instructions of Isa, which has
//   Vector           kLanes floats, a vector type of the compiler
//   UnalignedVector  the same, at any address of a float
//   Bits             kLanes uint32_t
//   kMostVectors     of a panel, at most 3
//   kRows            numbers that a panel is multiplied by at once, a power of two up to 8:
//                    kMostVectors * (kRows + 1) + 1 vectors fit into the registers
//   All(x)           x in each lane
//   MultiplyAdd      a b + c, fused where that is an instruction

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/lane_blocks.h"
#include "common/attention/kernel/pair_rows.h"
#include "common/attention/kernel/panel_products.h"
#include "common/attention/kernel/single_query.h"
#include "common/attention/kernel/tile_weights.h"

namespace kvwire {

template <typename Isa>
class PanelKernel {
 public:
  static constexpr AttentionKernel Table() {
    return {Isa::kLanes,
            Isa::kMostVectors,
            kTileKeys,
            Load,
            Absorb,
            Store,
            PairRows<Isa>::Multiply,
            PairRows<Isa>::Combine};
  }

 private:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;

  // The keys and the values of a tile stay in the second cache while the panels come by.
  static constexpr int64_t kTileKeys = 256;
  static constexpr int64_t kLanes = Isa::kLanes;

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

  static void Absorb(const KernelTokens& tokens, int64_t dims, const QueryPanel* panels,
                     int64_t count, float* scores) {
    for (int64_t first = 0; first < tokens.rows; first += kTileKeys) {
      KernelTokens tile = tokens;
      tile.keys += first * tokens.stride;
      tile.values += first * tokens.stride;
      if (tile.log_weights != nullptr) tile.log_weights += first;
      tile.rows = tokens.rows - first < kTileKeys ? tokens.rows - first : kTileKeys;
      for (int64_t i = 0; i < count; ++i) AbsorbTile(tile, dims, panels[i], scores);
    }
  }

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

  static void AbsorbTile(const KernelTokens& tile, int64_t dims, const QueryPanel& panel,
                         float* scores) {
    if (panel.vectors == 0) SingleQuery<Isa>::AbsorbTile(tile, dims, panel, scores);
    if (panel.vectors == 1) AbsorbWide<1>(tile, dims, panel, scores);
    if (panel.vectors == 2) AbsorbWide<2>(tile, dims, panel, scores);
    if constexpr (Isa::kMostVectors > 2) {
      if (panel.vectors == 3) AbsorbWide<3>(tile, dims, panel, scores);
    }
  }

  template <int kVectors>
  static void AbsorbWide(const KernelTokens& tile, int64_t dims, const QueryPanel& panel,
                         float* scores) {
    using Products = PanelProducts<Isa, kVectors>;
    float tops[Products::kWidth];
    float factors[Products::kWidth];
    for (int64_t v = 0; v < Products::kWidth; ++v) tops[v] = panel.tops[v];
    Products::Score(panel.queries, tile, dims, scores, tops);
    for (int64_t first = 0; first < Products::kWidth; first += kLanes) {
      const Vector top = Blocks::Fetch(tops + first);
      const Vector factor =
          TileWeights<Isa>::Exponential(Blocks::Fetch(panel.tops + first) - top);
      const Vector sum =
          TileWeights<Isa>::Weigh(scores + first, tile.rows, Products::kWidth, top);
      const Vector mass = Blocks::Fetch(panel.masses + first);
      Blocks::Store(panel.masses + first, Isa::MultiplyAdd(mass, factor, sum));
      Blocks::Store(panel.tops + first, top);
      Blocks::Store(factors + first, factor);
    }
    Products::AddValues(scores, tile, dims, factors, panel.outputs);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_
