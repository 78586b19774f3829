#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_SINGLE_QUERY_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_SINGLE_QUERY_H_

// One query by itself, where a panel would leave its other lanes idle: limited by how fast
// keys and values can be read. For the first product a vector's lanes are keys, for the second
// one they are coordinates. Each sum goes by the same steps as in a panel, to the same bits.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/lane_blocks.h"
#include "common/attention/kernel/query_scores.h"
#include "common/attention/kernel/tile_weights.h"

namespace kvwire {

template <typename Isa>
class SingleQuery {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Vector = typename Isa::Vector;
  static constexpr int64_t kLanes = Isa::kLanes;

  // Shows a tile to a panel of vectors = 0. `scores` holds tile.rows numbers, rounded up
  // to a multiple of 2 kLanes.
  static void AbsorbTile(const KernelTokens& tile, int64_t dims, const QueryPanel& query,
                         float* scores) {
    QueryScores<Isa>::Score(query.queries, tile, dims, scores);
    const float top = Top(scores, tile, *query.tops);
    const float factor = TileWeights<Isa>::Exponential(Isa::All(*query.tops - top))[0];
    const float sum = TileWeights<Isa>::WeighLane(scores, tile.rows, top);
    *query.masses =
        Isa::MultiplyAdd(Isa::All(*query.masses), Isa::All(factor), Isa::All(sum))[0];
    *query.tops = top;
    int64_t done = 0;
    AddBy<kMostColumns>(scores, tile, dims, done, factor, query.outputs);
  }

 private:
  static constexpr int kMostColumns = 8;  // vectors of them, summed at once

  static float Top(const float* scores, const KernelTokens& tile, float before) {
    Vector tops = Isa::All(before);
    int64_t t = 0;
    for (; t + kLanes <= tile.rows; t += kLanes) {
      const Vector some = Blocks::Fetch(scores + t);
      tops = tops > some ? tops : some;
    }
    float top = before;
    for (int i = 0; i < kLanes; ++i) top = top > tops[i] ? top : tops[i];
    for (; t < tile.rows; ++t) top = top > scores[t] ? top : scores[t];
    return top;
  }

  template <int kColumns>
  static void AddBy(const float* weights, const KernelTokens& tile, int64_t dims,
                    int64_t& done, float factor, float* outputs) {
    for (; done + kColumns * kLanes <= dims; done += kColumns * kLanes) {
      AddColumns<kColumns>(weights, tile, tile.values + done, factor, outputs + done);
    }
    if constexpr (kColumns > 1) {
      AddBy<kColumns / 2>(weights, tile, dims, done, factor, outputs);
    } else {
      for (; done < dims; ++done) {
        AddColumn(weights, tile, tile.values + done, factor, outputs + done);
      }
    }
  }

  template <int kColumns>
  static __attribute__((noinline)) void AddColumns(const float* weights,
                                                   const KernelTokens& tile,
                                                   const float* values, float factor,
                                                   float* outputs) {
    Vector sums[kColumns] = {};
    for (int64_t t = 0; t < tile.rows; ++t) {
      const Vector weight = Isa::All(weights[t]);
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        const Vector value = Blocks::Fetch(values + t * tile.stride + c * kLanes);
        sums[c] = Isa::MultiplyAdd(weight, value, sums[c]);
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      float* output = outputs + c * kLanes;
      Blocks::Store(output,
                    Isa::MultiplyAdd(Blocks::Fetch(output), Isa::All(factor), sums[c]));
    }
  }

  // One coordinate, in lane 0: d need not be a multiple of the lanes.
  static void AddColumn(const float* weights, const KernelTokens& tile, const float* values,
                        float factor, float* output) {
    Vector sum = {};
    for (int64_t t = 0; t < tile.rows; ++t) {
      sum = Isa::MultiplyAdd(Isa::All(weights[t]), Isa::All(values[t * tile.stride]), sum);
    }
    *output = Isa::MultiplyAdd(Isa::All(*output), Isa::All(factor), sum)[0];
  }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_SINGLE_QUERY_H_
