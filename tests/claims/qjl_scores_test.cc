#include "common/claims/qjl_scores.h"

#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(ScoreRowsTest, AreThoseOfBothFormulas) {
  EXPECT_EQ(PrintedScoreRows(1024, 1, 0.3), 155);          // 22.22 * 6.9315 = 154.03
  EXPECT_EQ(PrintedScoreRows(1024, 4, 0.3), 2465);         // 355.6 * 6.9315 = 2464.5
  EXPECT_EQ(ProvedScoreRows(1024, 1, 0.3, 0.01), 427);     // 34.907 * 12.230 = 426.9
  EXPECT_EQ(ProvedScoreRows(1024, 4, 0.3, 0.01), 109287);  // 8936.1 * 12.230
}

ScoreErrors AtPrintedRows(double radius) {
  return MeasureScoreErrors({512, radius, PrintedScoreRows(512, radius, 0.3), 0.3}, 8, 1);
}

TEST(MeasureScoreErrorsTest, GrowWithTheRadiusAtThePrintedRows) {
  const ScoreErrors one = AtPrintedRows(1);
  const ScoreErrors two = AtPrintedRows(2);
  const ScoreErrors four = AtPrintedRows(4);
  EXPECT_EQ(one.failures.trials, 8);
  EXPECT_EQ(one.failures.successes, 0);
  EXPECT_LT(one.worst, 0.9);
  EXPECT_GT(two.worst, 1.3 * one.worst);
  EXPECT_EQ(four.failures.successes, 8);
  EXPECT_GT(four.worst, 1.5);
  EXPECT_LT(four.worst, 10);
}

TEST(MeasureScoreErrorsTest, AreWithinBoundsAtTheProvedRows) {
  for (const double radius : {1, 2}) {
    const ScoreErrors errors =
        MeasureScoreErrors({256, radius, ProvedScoreRows(256, radius, 0.3, 0.01), 0.3}, 8, 1);
    EXPECT_EQ(errors.failures.successes, 0);
    EXPECT_GT(errors.worst, 0.1);
    EXPECT_LT(errors.worst, 0.6);
  }
}

TEST(JudgeQjlScoresTest, EveryOutcomeCanBeReached) {
  EXPECT_EQ(JudgeQjlScores({{0, 0.05}, {0.01, 0.09}}), Outcome::kHolds);
  EXPECT_EQ(JudgeQjlScores({{0, 0.05}, {0.05, 0.2}}), Outcome::kUndecided);
  EXPECT_EQ(JudgeQjlScores({{0, 0.2}, {0.11, 0.5}}), Outcome::kDoesNotHold);
}

}  // namespace
}  // namespace kvwire
