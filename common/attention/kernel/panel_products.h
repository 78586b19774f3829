#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_PRODUCTS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_PRODUCTS_H_

// The two matrix products of attention for one panel of kVectors vectors and one tile of
// tokens: scores = keys * queries, outputs += values^T * weights. A step of either
// multiplies the panel's kVectors vectors by kRows broadcast numbers, and the products stay
// in registers until the last step. Every sum goes by increasing index.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa, int kVectors>
class PanelProducts {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;

  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kWidth = kVectors * kLanes;  // of the panel

  // Writes the scores [tile.rows, kWidth] of the tile's keys and raises
  // tops [kWidth] to the largest of each lane.
  static void Score(const float* queries, const KernelTokens& tile, int64_t dims,
                    float* scores, float* tops) {
    int64_t done = 0;
    ScoreBy<Isa::kRows>(queries, tile, dims, done, scores, tops);
  }

  // outputs [dims, kWidth] = outputs * factors [kWidth] + sum over the tile's tokens of
  // weights [tile.rows, kWidth] * value. The tile is summed by itself and added once: an
  // error grows with the number of tiles, not of tokens.
  static void AddValues(const float* weights, const KernelTokens& tile, int64_t dims,
                        const float* factors, float* outputs) {
    int64_t done = 0;
    AddBy<Isa::kRows>(weights, tile, dims, done, factors, outputs);
  }

 private:
  static constexpr int kLineFloats = 16;
  // How many steps ahead a panel's or a tile's column is fetched into the first cache.
  static constexpr int64_t kColumnsAhead = 12;
  static constexpr int64_t kValuesAhead = 16;

  // From row `done` on, kKeys at a time, then the rest by halves.
  template <int kKeys>
  static void ScoreBy(const float* queries, const KernelTokens& tile, int64_t dims,
                      int64_t& done, float* scores, float* tops) {
    for (; done + kKeys <= tile.rows; done += kKeys) {
      const float* log_weights =
          tile.log_weights == nullptr ? nullptr : tile.log_weights + done;
      ScoreKeys<kKeys>(queries, tile.keys + done * tile.stride, tile.stride, dims, log_weights,
                       scores + done * kWidth, tops);
    }
    if constexpr (kKeys > 1) {
      ScoreBy<kKeys / 2>(queries, tile, dims, done, scores, tops);
    }
  }

  template <int kColumns>
  static void AddBy(const float* weights, const KernelTokens& tile, int64_t dims,
                    int64_t& done, const float* factors, float* outputs) {
    for (; done + kColumns <= dims; done += kColumns) {
      AddColumns<kColumns>(weights, tile, tile.values + done, factors,
                           outputs + done * kWidth);
    }
    if constexpr (kColumns > 1) {
      AddBy<kColumns / 2>(weights, tile, dims, done, factors, outputs);
    }
  }

  // One column of a panel or tile; fetches ahead the one that is needed later.
  static inline __attribute__((always_inline)) void FetchColumn(const float* column,
                                                                Vector* out) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      out[v] = Blocks::Fetch(column + v * kLanes);
      if (v * kLanes % kLineFloats != 0) continue;
      __builtin_prefetch(column + kColumnsAhead * kWidth + v * kLanes);
    }
  }

  // Not inlined, so that registers are for the sums alone.
  template <int kKeys>
  static __attribute__((noinline)) void ScoreKeys(const float* queries, const float* keys,
                                                  int64_t stride, int64_t dims,
                                                  const float* log_weights, float* scores,
                                                  float* tops) {
    Vector sums[kKeys][kVectors] = {};
#pragma GCC unroll 1
    for (int64_t j = 0; j < dims; ++j) {
      Vector query[kVectors];
      FetchColumn(queries + j * kWidth, query);
      // The next keys, where rows follow each other without a gap.
      __builtin_prefetch(keys + kKeys * stride + j * kKeys);
#pragma GCC unroll 8
      for (int t = 0; t < kKeys; ++t) {
        const Vector key = Isa::All(keys[t * stride + j]);
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) {
          sums[t][v] = Isa::MultiplyAdd(query[v], key, sums[t][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int t = 0; t < kKeys; ++t) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        Vector score = sums[t][v];
        if (log_weights != nullptr) score += Isa::All(log_weights[t]);
        Blocks::Store(scores + t * kWidth + v * kLanes, score);
        const Vector top = Blocks::Fetch(tops + v * kLanes);
        Blocks::Store(tops + v * kLanes, top > score ? top : score);
      }
    }
  }

  template <int kColumns>
  static __attribute__((noinline)) void AddColumns(const float* weights,
                                                   const KernelTokens& tile,
                                                   const float* values, const float* factors,
                                                   float* outputs) {
    Vector sums[kColumns][kVectors] = {};
#pragma GCC unroll 1
    for (int64_t t = 0; t < tile.rows; ++t) {
      Vector weight[kVectors];
      FetchColumn(weights + t * kWidth, weight);
      const float* row = values + t * tile.stride;
      __builtin_prefetch(row + kValuesAhead * tile.stride);
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        const Vector value = Isa::All(row[c]);
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) {
          sums[c][v] = Isa::MultiplyAdd(weight[v], value, sums[c][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        float* output = outputs + c * kWidth + v * kLanes;
        const Vector factor = Blocks::Fetch(factors + v * kLanes);
        Blocks::Store(output, Isa::MultiplyAdd(Blocks::Fetch(output), factor, sums[c][v]));
      }
    }
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_PRODUCTS_H_
