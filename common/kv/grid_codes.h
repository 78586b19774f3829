#ifndef KVWIRE_COMMON_KV_GRID_CODES_H_
#define KVWIRE_COMMON_KV_GRID_CODES_H_

// MinMaxGrid::Code of the numbers of a row, many at once.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace kvwire {

// The grids of a row's numbers: the lower and the upper end of each [w].
struct RowGrids {
  explicit RowGrids(size_t width) : lows(width), highs(width) {}

  std::vector<float> lows;
  std::vector<float> highs;
};

// Writes the code of each number of `row` [w], on its grid of 2^code_bits values, to `codes`
// [w]. 1 <= code_bits <= MinMaxGrid::kMaxCodeBits. O(w).
void CodeRow(absl::Span<const float> row, const RowGrids& grids, int code_bits,
             uint8_t* codes);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_GRID_CODES_H_
