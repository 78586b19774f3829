#include "common/claims/qjl_tail.h"

#include <cmath>
#include <numbers>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// With <q, k> = 0 the error is exactly normal, of variance pi / (2 m).
double ExactFailureRate(const SketchTrial& trial) {
  const double deviations =
      trial.epsilon * std::sqrt(2 * static_cast<double>(trial.rows) / std::numbers::pi);
  return std::erfc(deviations / std::numbers::sqrt2);
}

TEST(SketchRowsTest, AreThoseOfBothFormulas) {
  EXPECT_EQ(PrintedSketchRows(0.1, 0.001), 1115);  // 146.67 * 7.6009 = 1114.8
  EXPECT_EQ(ProvedSketchRows(0.1, 0.001), 2388);   // 314.16 * 7.6009 = 2387.9
  EXPECT_EQ(PrintedSketchRows(0.3, 0.001), 147);   // 19.259 * 7.6009 = 146.4
  EXPECT_EQ(ProvedSketchRows(0.3, 0.001), 266);    // 34.907 * 7.6009 = 265.3
}

TEST(MeasureSketchFailuresTest, FailsAsOftenAsANormalNumberIsSoLarge) {
  const std::vector<SketchTrial> trials = {{400, 0.1}, {50, 0.1},  {1115, 0.1},
                                           {541, 0.1}, {147, 0.3}, {1, 0.5}};
  const std::vector<Proportion> failures = MeasureSketchFailures(trials, 6000, 3);
  ASSERT_EQ(failures.size(), trials.size());
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(failures[i].trials, 6000);
    EXPECT_TRUE(ClopperPearson(failures[i].successes, 6000, 0.999)
                    .Contains(ExactFailureRate(trials[i])))
        << trials[i].rows << " " << failures[i].rate();
  }
}

// 7.6, 1.3 and 3.9 times delta with the printed constant; the right one is never over.
TEST(MeasureSketchFailuresTest, ThePrintedConstantFailsTooOftenAndPiDoesNot) {
  struct Row {
    double epsilon, delta, least, largest;
  };
  const Row kRows[] = {{0.1, 0.001, 5.5, 10}, {0.1, 0.05, 1.15, 1.4}, {0.3, 0.001, 2.8, 5.2}};
  std::vector<SketchTrial> trials;
  for (const Row& row : kRows) {
    trials.push_back({PrintedSketchRows(row.epsilon, row.delta), row.epsilon});
    trials.push_back({ProvedSketchRows(row.epsilon, row.delta), row.epsilon});
  }
  const std::vector<Proportion> failures = MeasureSketchFailures(trials, 15000, 1);
  for (size_t i = 0; i < std::size(kRows); ++i) {
    const Proportion& printed = failures[2 * i];
    EXPECT_GT(printed.rate(), kRows[i].least * kRows[i].delta);
    EXPECT_LT(printed.rate(), kRows[i].largest * kRows[i].delta);
    EXPECT_GT(printed.interval().lower, kRows[i].delta);
    EXPECT_LT(failures[2 * i + 1].interval().upper, kRows[i].delta);
  }
}

TEST(JudgeQjlTailTest, EveryOutcomeCanBeReached) {
  const SketchTail fine = {0.1, {0.01, 0.05}, {0.001, 0.002}};
  const SketchTail printed_fails = {0.1, {0.11, 0.15}, {0.001, 0.002}};
  const SketchTail printed_unsure = {0.1, {0.09, 0.15}, {0.001, 0.002}};
  const SketchTail proved_unsure = {0.1, {0.11, 0.15}, {0.09, 0.11}};
  const SketchTail proved_fails = {0.1, {0.3, 0.4}, {0.11, 0.2}};
  EXPECT_EQ(JudgeQjlTail({fine, fine}), Outcome::kHolds);
  EXPECT_EQ(JudgeQjlTail({fine, printed_fails}), Outcome::kHoldsWithOtherConstants);
  EXPECT_EQ(JudgeQjlTail({fine, printed_unsure}), Outcome::kUndecided);
  EXPECT_EQ(JudgeQjlTail({printed_fails, proved_unsure}), Outcome::kUndecided);
  EXPECT_EQ(JudgeQjlTail({printed_fails, proved_fails}), Outcome::kDoesNotHold);
}

}  // namespace
}  // namespace kvwire
