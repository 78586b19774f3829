#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_QUERY_SCORES_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_QUERY_SCORES_H_

// The first matrix product of attention for one query by itself: a vector's lanes are keys,
// transposed on the way. A score is summed by the same steps as in a panel.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/lane_blocks.h"

namespace kvwire {

template <typename Isa>
class QueryScores {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;
  static constexpr int64_t kLanes = Isa::kLanes;

  // Writes the score of each of the tile's keys. `scores` holds tile.rows numbers, rounded up
  // to a multiple of 2 kLanes.
  static void Score(const float* query, const KernelTokens& tile, int64_t dims,
                    float* scores) {
    int64_t done = 0;
    for (; done + 2 * kLanes <= tile.rows; done += 2 * kLanes) {
      ScoreKeys<2, true>(query, tile, done, dims, scores);
    }
    for (; done < tile.rows; done += kLanes) {
      ScoreKeys<1, false>(query, tile, done, dims, scores);
    }
    if (tile.log_weights == nullptr) return;
    for (int64_t t = 0; t < tile.rows; ++t) {
      scores[t] += tile.log_weights[t];
    }
  }

 private:
  // Row first + i of the keys, or the last one: no lane reads what is not there.
  template <bool kWhole>
  static const float* KeyAt(const KernelTokens& tile, int64_t row) {
    return tile.keys + (kWhole || row < tile.rows ? row : tile.rows - 1) * tile.stride;
  }

  // Scores of kGroups * kLanes keys from row `first` on, which are all there if kWhole.
  // Two groups hide the latency of each other's sums.
  template <int kGroups, bool kWhole>
  static __attribute__((noinline)) void ScoreKeys(const float* query, const KernelTokens& tile,
                                                  int64_t first, int64_t dims, float* scores) {
    Vector sums[kGroups] = {};
    int64_t j = 0;
    for (; j + kLanes <= dims; j += kLanes) {
#pragma GCC unroll 2
      for (int g = 0; g < kGroups; ++g) {
        Vector square[kLanes];
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) {
          const float* key = KeyAt<kWhole>(tile, first + g * kLanes + i) + j;
          square[i] = Blocks::Fetch(key);
          if (kWhole) __builtin_prefetch(key + kGroups * kLanes * tile.stride);
        }
        Blocks::Transpose(square);
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) {
          sums[g] = Isa::MultiplyAdd(Isa::All(query[j + i]), square[i], sums[g]);
        }
      }
    }
    for (; j < dims; ++j) {
      for (int g = 0; g < kGroups; ++g) {
        Vector key = {};
        for (int i = 0; i < kLanes; ++i) {
          key[i] = KeyAt<kWhole>(tile, first + g * kLanes + i)[j];
        }
        sums[g] = Isa::MultiplyAdd(Isa::All(query[j]), key, sums[g]);
      }
    }
    for (int g = 0; g < kGroups; ++g) Blocks::Store(scores + first + g * kLanes, sums[g]);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_QUERY_SCORES_H_
