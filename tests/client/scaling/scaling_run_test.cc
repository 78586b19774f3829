#include "client/scaling/scaling_run.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;

TEST(ScalingRunTest, RowsAreSpreadEvenlyAndAllAreThereIfThereAreNoMore) {
  EXPECT_THAT(SpreadRows(1, 10), ElementsAre(0));
  EXPECT_THAT(SpreadRows(3, 10), ElementsAre(0, 3, 6));
  EXPECT_THAT(SpreadRows(4, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(SpreadRows(100, 3), ElementsAre(0, 1, 2));
}

TEST(ScalingRunTest, SpreadRowsAreDistinctAndInOrderWhateverTheNumbers) {
  for (int64_t total = 1; total < 60; ++total) {
    for (int64_t count = 1; count <= total; ++count) {
      const std::vector<int64_t> rows = SpreadRows(count, total);
      ASSERT_EQ(static_cast<int64_t>(rows.size()), count);
      EXPECT_EQ(rows.front(), 0);
      EXPECT_LT(rows.back(), total);
      for (size_t k = 1; k < rows.size(); ++k) EXPECT_LT(rows[k - 1], rows[k]);
    }
  }
}

}  // namespace
}  // namespace kvwire
