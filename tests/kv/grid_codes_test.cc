#include "common/kv/grid_codes.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/kv/min_max_grid.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// The place of the nearest value, the higher of two, as it is defined.
int NearestPlace(double number, double low, double high, int last) {
  if (low == high) return 0;
  const double place = std::floor((number - low) * last / (high - low) + 0.5);
  return static_cast<int>(std::min<double>(last, std::max<double>(0, place)));
}

TEST(CodeRowTest, EveryNumberOfEveryWidthIsCodedOnItsOwnGrid) {
  std::mt19937 random(2);
  for (int bits = 1; bits <= MinMaxGrid::kMaxCodeBits; ++bits) {
    for (size_t width = 0; width < 70; ++width) {
      RowGrids grids(width);
      std::vector<float> row(width);
      for (size_t i = 0; i < width; ++i) {
        grids.lows[i] = static_cast<float>(random() % 64) - 40;
        grids.highs[i] = grids.lows[i] + static_cast<float>(random() % 8);
        // Ends, halves, and what is beyond the ends.
        row[i] = grids.lows[i] - 2 + static_cast<float>(random() % 256) / 16;
      }
      std::vector<uint8_t> codes(width);
      CodeRow(row, grids, bits, codes.data());
      for (size_t i = 0; i < width; ++i) {
        ASSERT_EQ(codes[i],
                  NearestPlace(row[i], grids.lows[i], grids.highs[i], (1 << bits) - 1));
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
