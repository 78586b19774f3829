#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_SCORES_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_SCORES_H_

// The first matrix product of attention, scores = keys * queries, for one panel of kVectors
// vectors and one tile of tokens. Up to kRows keys at once: their scores stay in registers,
// and each is summed by increasing coordinate.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/fetch_ahead.h"
#include "common/attention/kernel/lane_blocks.h"
#include "common/attention/kernel/panel_column.h"

namespace kvwire {

template <typename Isa, int kVectors>
class PanelScores {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Column = PanelColumn<Isa, kVectors>;
  using Vector = typename Isa::Vector;

  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kWidth = Column::kWidth;

  // The steps of a product with `rows` keys.
  static int64_t Steps(int64_t rows, int64_t dims) {
    return (rows + Isa::kRows - 1) / Isa::kRows * dims;
  }

  // Writes the scores [tile.rows, kWidth] of the tile's keys and raises
  // tops [kWidth] to the largest of each lane.
  static void Score(const float* queries, const KernelTokens& tile, int64_t dims,
                    FetchAhead<Isa> ahead, float* scores, float* tops) {
    int64_t done = 0;
    ScoreBy<Isa::kRows>(queries, tile, dims, ahead, done, scores, tops);
  }

 private:
  // From row `done` on, kKeys at a time, then the rest by halves.
  template <int kKeys>
  static void ScoreBy(const float* queries, const KernelTokens& tile, int64_t dims,
                      FetchAhead<Isa>& ahead, int64_t& done, float* scores, float* tops) {
    for (; done + kKeys <= tile.rows; done += kKeys) {
      const float* log_weights =
          tile.log_weights == nullptr ? nullptr : tile.log_weights + done;
      ScoreKeys<kKeys>(queries, tile.keys + done * tile.stride, tile.stride, dims, log_weights,
                       ahead, scores + done * kWidth, tops);
    }
    if constexpr (kKeys > 1) {
      ScoreBy<kKeys / 2>(queries, tile, dims, ahead, done, scores, tops);
    }
  }

  // Not inlined, so that registers are for the sums alone.
  template <int kKeys>
  static __attribute__((noinline)) void ScoreKeys(const float* queries, const float* keys,
                                                  int64_t stride, int64_t dims,
                                                  const float* log_weights,
                                                  FetchAhead<Isa>& ahead, float* scores,
                                                  float* tops) {
    Vector sums[kKeys][kVectors] = {};
    FetchAhead<Isa> fetch = ahead;
#pragma GCC unroll 1
    for (int64_t j = 0; j < dims; ++j) {
      Vector query[kVectors];
      Column::Fetch(queries + j * kWidth, query);
      // The next keys, where rows follow each other without a gap.
      __builtin_prefetch(keys + kKeys * stride + j * kKeys);
      fetch.Step();
#pragma GCC unroll 8
      for (int t = 0; t < kKeys; ++t) {
        const Vector key = Isa::All(keys[t * stride + j]);
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) {
          sums[t][v] = Isa::MultiplyAdd(query[v], key, sums[t][v]);
        }
      }
    }
    ahead = fetch;
    if (log_weights != nullptr) {
#pragma GCC unroll 8
      for (int t = 0; t < kKeys; ++t) {
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) sums[t][v] += Isa::All(log_weights[t]);
      }
    }
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      Vector top = Blocks::Fetch(tops + v * kLanes);
#pragma GCC unroll 8
      for (int t = 0; t < kKeys; ++t) {
        Blocks::Store(scores + t * kWidth + v * kLanes, sums[t][v]);
        top = top > sums[t][v] ? top : sums[t][v];
      }
      Blocks::Store(tops + v * kLanes, top);
    }
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_SCORES_H_
