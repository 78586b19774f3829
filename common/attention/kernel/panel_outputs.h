#ifndef KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_OUTPUTS_H_
#define KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_OUTPUTS_H_

// The second matrix product of attention, outputs += values^T * weights, for one panel of
// kVectors vectors and one tile of tokens. Up to kRows coordinates at once: their sums stay in
// registers, and each goes by increasing token.

#include <cstdint>

#include "common/attention/kernel/attention_kernel.h"
#include "common/attention/kernel/fetch_ahead.h"
#include "common/attention/kernel/lane_blocks.h"
#include "common/attention/kernel/panel_column.h"

namespace kvwire {

template <typename Isa, int kVectors>
class PanelOutputs {
 public:
  using Blocks = LaneBlocks<Isa>;
  using Column = PanelColumn<Isa, kVectors>;
  using Vector = typename Isa::Vector;

  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kWidth = Column::kWidth;

  // The steps of a product with `rows` values.
  static int64_t Steps(int64_t rows, int64_t dims) {
    return (dims + Isa::kRows - 1) / Isa::kRows * rows;
  }

  // outputs [dims, kWidth] = outputs * factors [kWidth] + sum over the tile's tokens of
  // weights [tile.rows, kWidth] * value. The tile is summed by itself and added once: an
  // error grows with the number of tiles, not of tokens.
  static void Add(const float* weights, const KernelTokens& tile, int64_t dims,
                  FetchAhead<Isa> ahead, const float* factors, float* outputs) {
    int64_t done = 0;
    AddBy<Isa::kRows>(weights, tile, dims, ahead, done, factors, outputs);
  }

 private:
  // How many steps ahead a value is fetched into the first cache.
  static constexpr int64_t kValuesAhead = 16;

  template <int kColumns>
  static void AddBy(const float* weights, const KernelTokens& tile, int64_t dims,
                    FetchAhead<Isa>& ahead, int64_t& done, const float* factors,
                    float* outputs) {
    for (; done + kColumns <= dims; done += kColumns) {
      AddColumns<kColumns>(weights, tile, tile.values + done, ahead, factors,
                           outputs + done * kWidth);
    }
    if constexpr (kColumns > 1) {
      AddBy<kColumns / 2>(weights, tile, dims, ahead, done, factors, outputs);
    }
  }

  // Not inlined, so that registers are for the sums alone.
  template <int kColumns>
  static __attribute__((noinline)) void AddColumns(const float* weights,
                                                   const KernelTokens& tile,
                                                   const float* values, FetchAhead<Isa>& ahead,
                                                   const float* factors, float* outputs) {
    Vector sums[kColumns][kVectors] = {};
    FetchAhead<Isa> fetch = ahead;
    const int64_t stride = tile.stride;
    const int64_t rows = tile.rows;
#pragma GCC unroll 1
    for (int64_t t = 0; t < rows; ++t) {
      Vector weight[kVectors];
      Column::Fetch(weights + t * kWidth, weight);
      const float* row = values + t * stride;
      __builtin_prefetch(row + kValuesAhead * stride);
      fetch.Step();
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        const Vector value = Isa::All(row[c]);
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) {
          sums[c][v] = Isa::MultiplyAdd(weight[v], value, sums[c][v]);
        }
      }
    }
    ahead = fetch;
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

#endif  // KVWIRE_COMMON_ATTENTION_KERNEL_PANEL_OUTPUTS_H_
