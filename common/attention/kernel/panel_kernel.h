#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_

// The functions of an AttentionKernel for the instructions of Isa, which has
//   Vector           kLanes floats, a vector type of the compiler
//   Bits             kLanes uint32_t
//   kMostVectors     of a panel, at most 3
//   kRows            numbers that a panel is multiplied by at once, a power of two up to 8:
//                    kMostVectors * (kRows + 1) + 1 vectors fit into the registers
//   kColumnsAhead    how many columns of a panel are fetched into the first cache ahead of
//                    their use; 0 where that gains nothing
//   All(x)           x in each lane
//   MultiplyAdd      a b + c, fused where that is an instruction

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/fetch_ahead.h"
#include "common/attention/kernel/lane_blocks.h"
#include "common/attention/kernel/pair_rows.h"
#include "common/attention/kernel/panel_outputs.h"
#include "common/attention/kernel/panel_rows.h"
#include "common/attention/kernel/panel_scores.h"
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
            PanelRows<Isa>::Load,
            Absorb,
            PanelRows<Isa>::Store,
            Score,
            PairRows<Isa>::Multiply,
            PairRows<Isa>::Combine};
  }

 private:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;

  // The keys and the values of a tile stay in the second cache while the panels come by.
  static constexpr int64_t kTileKeys = 128;
  static constexpr int64_t kLanes = Isa::kLanes;

  static void Absorb(const KernelTokens& tokens, const KernelTokens& next, int64_t dims,
                     const QueryPanel* panels, int64_t count, float* scores) {
    KernelTokens tile = Tile(tokens, 0);
    for (int64_t first = 0; first < tokens.rows; first += kTileKeys) {
      const bool last = first + kTileKeys >= tokens.rows;
      const KernelTokens ahead = last ? Tile(next, 0) : Tile(tokens, first + kTileKeys);
      for (int64_t i = 0; i < count; ++i) {
        AbsorbTile(tile, {ahead, i, count}, dims, panels[i], scores);
      }
      tile = ahead;
    }
  }

  // Of the tile that comes next, what is fetched while one panel sees this one.
  struct Share {
    KernelTokens tile;
    int64_t part;
    int64_t parts;

    FetchAhead<Isa> Fetch(const float* rows, int64_t steps) const {
      return {rows, tile.rows * tile.stride, part, parts, steps};
    }
  };

  static KernelTokens Tile(const KernelTokens& tokens, int64_t first) {
    const int64_t rows = tokens.rows - first < kTileKeys ? tokens.rows - first : kTileKeys;
    return {tokens.keys + first * tokens.stride, tokens.values + first * tokens.stride,
            tokens.log_weights == nullptr ? nullptr : tokens.log_weights + first, rows,
            tokens.stride};
  }

  static void AbsorbTile(const KernelTokens& tile, const Share& next, int64_t dims,
                         const QueryPanel& panel, float* scores) {
    if (panel.vectors == 0) SingleQuery<Isa>::AbsorbTile(tile, dims, panel, scores);
    if (panel.vectors == 1) AbsorbWide<1>(tile, next, dims, panel, scores);
    if (panel.vectors == 2) AbsorbWide<2>(tile, next, dims, panel, scores);
    if constexpr (Isa::kMostVectors > 2) {
      if (panel.vectors == 3) AbsorbWide<3>(tile, next, dims, panel, scores);
    }
  }

  static void Score(const float* queries, int64_t vectors, const float* keys, int64_t stride,
                    int64_t rows, int64_t dims, float* scores) {
    const KernelTokens tile = {keys, nullptr, nullptr, rows, stride};
    if (vectors == 1) ScoreWide<1>(queries, tile, dims, scores);
    if (vectors == 2) ScoreWide<2>(queries, tile, dims, scores);
    if constexpr (Isa::kMostVectors > 2) {
      if (vectors == 3) ScoreWide<3>(queries, tile, dims, scores);
    }
  }

  template <int kVectors>
  static void ScoreWide(const float* queries, const KernelTokens& tile, int64_t dims,
                        float* scores) {
    using Scores = PanelScores<Isa, kVectors>;
    float tops[kVectors * kLanes];
    for (float& top : tops) top = -__FLT_MAX__;
    const FetchAhead<Isa> nothing(tile.keys, 0, 0, 1, 1);
    Scores::Score(queries, tile, dims, nothing, scores, tops);
  }

  template <int kVectors>
  static void AbsorbWide(const KernelTokens& tile, const Share& next, int64_t dims,
                         const QueryPanel& panel, float* scores) {
    using Scores = PanelScores<Isa, kVectors>;
    using Outputs = PanelOutputs<Isa, kVectors>;
    constexpr int64_t kWidth = kVectors * kLanes;
    float tops[kWidth];
    float factors[kWidth];
    for (int64_t v = 0; v < kWidth; ++v) tops[v] = panel.tops[v];
    Scores::Score(panel.queries, tile, dims,
                  next.Fetch(next.tile.keys, Scores::Steps(tile.rows, dims)), scores, tops);
    for (int64_t first = 0; first < kWidth; first += kLanes) {
      const Vector top = Blocks::Fetch(tops + first);
      const Vector factor =
          TileWeights<Isa>::Exponential(Blocks::Fetch(panel.tops + first) - top);
      const Vector sum = TileWeights<Isa>::Weigh(scores + first, tile.rows, kWidth, top);
      const Vector mass = Blocks::Fetch(panel.masses + first);
      Blocks::Store(panel.masses + first, Isa::MultiplyAdd(mass, factor, sum));
      Blocks::Store(panel.tops + first, top);
      Blocks::Store(factors + first, factor);
    }
    Outputs::Add(scores, tile, dims,
                 next.Fetch(next.tile.values, Outputs::Steps(tile.rows, dims)), factors,
                 panel.outputs);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_KERNEL_H_
