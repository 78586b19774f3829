#include "common/kv/grid_codes.h"

#include "common/base/wide_loop.h"
#include "common/kv/min_max_grid.h"

namespace kvwire {

void CodeRow(absl::Span<const float> row, const RowGrids& grids, int code_bits,
             uint8_t* codes) {
  RunWide(
      [](const float* numbers, const float* lows, const float* highs, size_t count, int bits,
         uint8_t* to) KVWIRE_WIDE {
        for (size_t i = 0; i < count; ++i) {
          to[i] = static_cast<uint8_t>(MinMaxGrid(lows[i], highs[i], bits).Code(numbers[i]));
        }
      },
      row.data(), grids.lows.data(), grids.highs.data(), row.size(), code_bits, codes);
}

}  // namespace kvwire
