#include "common/kv/row_ranking.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// All lists of up to six scores out of three: what is chosen is increasing and of the
// right number, and no other score beats one that is chosen, nor equals one before it.
TEST(RowRankingTest, ChoosesTheLargestAndOfEqualsTheFirst) {
  for (int size = 0; size <= 6; ++size) {
    int lists = 1;
    for (int i = 0; i < size; ++i) lists *= 3;
    for (int list = 0; list < lists; ++list) {
      std::vector<double> scores;
      for (int rest = list; static_cast<int>(scores.size()) < size; rest /= 3) {
        scores.push_back(rest % 3);
      }
      for (int count = 0; count <= size; ++count) {
        const std::vector<int64_t> rows = LargestScores(scores, count);
        ASSERT_EQ(static_cast<int>(rows.size()), count);
        ASSERT_TRUE(std::is_sorted(rows.begin(), rows.end()));
        for (int64_t other = 0; other < size; ++other) {
          if (std::find(rows.begin(), rows.end(), other) != rows.end()) continue;
          for (const int64_t row : rows) {
            const double gap =
                scores[static_cast<size_t>(row)] - scores[static_cast<size_t>(other)];
            ASSERT_TRUE(gap > 0 || (gap == 0 && row < other)) << list << " " << count;
          }
        }
      }
    }
  }
}

TEST(RowRankingTest, InfinitiesRankLast) {
  const double never = -std::numeric_limits<double>::infinity();
  EXPECT_THAT(LargestScores({never, -5, never, -7}, 3), ElementsAre(0, 1, 3));
}

TEST(RowRankingTest, PoolsWithWhatNeighboursThereAre) {
  const std::vector<double> scores = {1, 2, 8, -4};
  EXPECT_THAT(PooledScores(scores, 1, Pooling::kSum), ElementsAre(1, 2, 8, -4));
  EXPECT_THAT(PooledScores(scores, 3, Pooling::kSum), ElementsAre(3, 11, 6, 4));
  EXPECT_THAT(PooledScores(scores, 5, Pooling::kSum), ElementsAre(11, 7, 7, 6));
  EXPECT_THAT(PooledScores(scores, 3, Pooling::kMax), ElementsAre(2, 8, 8, 8));
  EXPECT_THAT(PooledScores(scores, 65535, Pooling::kMax), ElementsAre(8, 8, 8, 8));
  EXPECT_THAT(PooledScores({}, 5, Pooling::kMax), IsEmpty());
  EXPECT_THAT(PooledScores({-3}, 5, Pooling::kMax), ElementsAre(-3));
}

}  // namespace
}  // namespace kvwire
