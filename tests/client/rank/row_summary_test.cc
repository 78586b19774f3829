#include "client/rank/row_summary.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/rank/rank_rows.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Names(const RankTable& table) {
  std::vector<std::string> names;
  for (const RankRow* row : SortedRows(table)) names.push_back(row->algorithm);
  return names;
}

TEST(RowSummaryTest, GivesTheMeanAndStudentsInterval) {
  const RankRow row = RowOf("a", Statistic::kErrorMean, {0.1, 0.2, 0.3, 0.4, 0.5});
  const auto summary = Summarize(row, Statistic::kErrorMean, 10);
  ASSERT_TRUE(summary.has_value());
  EXPECT_NEAR(summary->mean, 0.3, 1e-15);
  EXPECT_NEAR(summary->interval.upper - 0.3, 2.7764451052 * std::sqrt(0.025) / std::sqrt(5.0),
              1e-9);
}

TEST(RowSummaryTest, AStatisticThatASampleLacksHasNoSummary) {
  RankRow row = RowOf("a", Statistic::kErrorMean, {0.1, 0.2});
  EXPECT_FALSE(Summarize(row, Statistic::kCosine, 10).has_value());
  row.samples[0].Set(Statistic::kCosine, 1);
  EXPECT_FALSE(Summarize(row, Statistic::kCosine, 10).has_value());
  EXPECT_FALSE(Summarize(RefusedRow("a", "no"), Statistic::kErrorMean, 10).has_value());
}

TEST(RowSummaryTest, NoBitErrorInAnySeedLeavesARateAboveZeroPossible) {
  const RankRow row = RowOf("a", Statistic::kBitErrorRate, {0, 0, 0, 0});
  const auto summary = Summarize(row, Statistic::kBitErrorRate, 25);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->mean, 0);
  EXPECT_EQ(summary->interval.lower, 0);
  // No wrong row among 100.
  EXPECT_NEAR(summary->interval.upper, 1 - std::pow(0.025, 1.0 / 100), 1e-9);
}

TEST(RowSummaryTest, BitErrorsInOneSeedAreStudentsAffair) {
  const RankRow row = RowOf("a", Statistic::kBitErrorRate, {0, 0, 0, 0.04});
  EXPECT_NEAR(Summarize(row, Statistic::kBitErrorRate, 25)->interval.upper,
              0.01 + 3.1824463053 * 0.02 / 2, 1e-9);
}

TEST(RowSummaryTest, RestoringIsEqualIfItIsForEverySeed) {
  RankRow row = RowOf("a", Statistic::kStateBits, {1, 1});
  EXPECT_EQ(RestoreEqual(row), std::nullopt);
  row.samples[0].restore_equal = true;
  row.samples[1].restore_equal = true;
  EXPECT_EQ(RestoreEqual(row), true);
  row.samples[1].restore_equal = false;
  EXPECT_EQ(RestoreEqual(row), false);
}

TEST(RowSummaryTest, AReasonIsSaidOnceWithItsSeeds) {
  RankRow row = RowOf("a", Statistic::kStateBits, {1, 1, 1});
  EXPECT_TRUE(row.good());
  EXPECT_THAT(ReasonsOf(row), IsEmpty());
  row.samples[0].reasons = {"too large"};
  row.samples[2].reasons = {"too large", "too late"};
  EXPECT_FALSE(row.good());
  EXPECT_THAT(ReasonsOf(row), ElementsAre("too large (seed 1, 3)", "too late (seed 3)"));
}

TEST(RowSummaryTest, ARefusalIsGoodAndAFailureIsNot) {
  RankRow row = RefusedRow("a", "not for me");
  EXPECT_TRUE(row.good());
  EXPECT_EQ(OutcomeOf(row), "refused");
  row.refusal.clear();
  row.failure = "fell over";
  EXPECT_FALSE(row.good());
  EXPECT_EQ(OutcomeOf(row), "failed");
  EXPECT_THAT(ReasonsOf(row), ElementsAre("fell over"));
  EXPECT_EQ(OutcomeOf(RowOf("a", Statistic::kStateBits, {1})), "measured");
}

TEST(RowSummaryTest, SmallStatesComeFirstAndRefusalsLast) {
  RankTable table;
  table.rows = {RefusedRow("a", "no"), RowOf("c", Statistic::kStateBits, {20, 40}),
                RowOf("b", Statistic::kStateBits, {30, 30}),
                RowOf("d", Statistic::kStateBits, {5, 6})};
  EXPECT_THAT(Names(table), ElementsAre("d", "b", "c", "a"));
}

TEST(RankRowTest, EveryStatisticHasANameOfItsOwn) {
  std::vector<std::string> names;
  for (const Statistic statistic : AllStatistics())
    names.emplace_back(StatisticName(statistic));
  EXPECT_EQ(names.front(), "payload_bits");
  EXPECT_EQ(names.back(), "decode_mb_per_s");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace kvwire
