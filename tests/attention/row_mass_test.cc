#include "common/attention/row_mass.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/attention/frame_keys.h"
#include "common/base/parallel.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

Matrix Keys(int64_t rows) {
  return AllKeys(KeyFrame::Create(KeyFrameKind::kGaussian, 7, rows, 12).value());
}

// Blocks that are odd and even in number, full and not.
constexpr int64_t kSizes[] = {1,
                              2,
                              kMassRowBlock - 1,
                              kMassRowBlock,
                              kMassRowBlock + 1,
                              2 * kMassRowBlock,
                              2 * kMassRowBlock + 65,
                              4 * kMassRowBlock - 3,
                              5 * kMassRowBlock};

TEST(FastInterferenceTest, OfAllKeysIsThatOfEachToTheExactOne) {
  for (const int64_t rows : kSizes) {
    const Matrix keys = Keys(rows);
    const std::vector<double> self = SelfProducts(keys);
    const std::vector<double> all = FastInterferenceOfAll(keys, self, 3);
    ASSERT_EQ(all.size(), self.size());
    for (int64_t step = 0; step < rows + 37; step += 37) {
      const int64_t row = std::min(step, rows - 1);
      const double exact = ExactRow(keys, row).InterferenceAt(3);
      EXPECT_NEAR(all[row], exact, 2e-5 * exact) << row << " of " << rows;
      EXPECT_NEAR(FastInterference(keys, self, 3, {row})[0], exact, 2e-5 * exact) << row;
    }
  }
}

TEST(FastInterferenceTest, OfAllKeysIsTheSameToTheBitForAnyNumberOfThreads) {
  const Matrix keys = Keys(5 * kMassRowBlock + 100);
  const std::vector<double> self = SelfProducts(keys);
  const std::vector<double> all = FastInterferenceOfAll(keys, self, 3);
  for (const int threads : {1, 2, 3}) {
    SetParallelThreads(threads);
    EXPECT_EQ(FastInterferenceOfAll(keys, self, 3), all) << threads;
  }
  SetParallelThreads(0);
}

}  // namespace
}  // namespace kvwire
