#include "common/statistics/binomial_interval.h"

#include <bit>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// By adding up all 2^trials sequences.
double AtMostByEnumeration(int64_t successes, int64_t trials, double rate) {
  double sum = 0;
  for (uint64_t sequence = 0; sequence >> trials == 0; ++sequence) {
    const int ones = std::popcount(sequence);
    if (ones > successes) continue;
    sum += std::pow(rate, ones) * std::pow(1 - rate, static_cast<double>(trials - ones));
  }
  return sum;
}

TEST(BinomialAtMostTest, AgreesWithEnumerationForEverySmallCase) {
  for (int64_t trials = 0; trials <= 9; ++trials) {
    for (int64_t successes = 0; successes <= trials; ++successes) {
      for (const double rate : {0.0, 0.01, 0.3, 0.5, 0.9, 1.0}) {
        ASSERT_NEAR(BinomialAtMost(successes, trials, rate),
                    AtMostByEnumeration(successes, trials, rate), 1e-12)
            << successes << " of " << trials << " at " << rate;
      }
    }
  }
}

TEST(BinomialAtMostTest, NothingIsBelowZeroAndEverythingBelowAllTrials) {
  EXPECT_EQ(BinomialAtMost(-1, 5, 0.5), 0);
  EXPECT_EQ(BinomialAtMost(7, 5, 0.5), 1);
}

TEST(BinomialAtMostTest, SurvivesAMillionTrials) {
  // Half of the mean's own probability is missing to one half.
  EXPECT_NEAR(BinomialAtMost(500000, 1000000, 0.5), 0.5 + 0.5 * 7.9788e-4, 1e-7);
}

TEST(ClopperPearsonTest, GivesThePublishedIntervals) {
  struct Row {
    int64_t successes, trials;
    double lower, upper;
  };
  for (const Row& row : {Row{0, 10, 0, 0.3084971}, Row{1, 10, 0.0025286, 0.4450161},
                         Row{5, 10, 0.1870860, 0.8129140}, Row{10, 10, 0.6915029, 1},
                         Row{7, 20, 0.1539092, 0.5921885}}) {
    const Interval interval = ClopperPearson(row.successes, row.trials, 0.95);
    EXPECT_NEAR(interval.lower, row.lower, 1e-6) << row.successes << "/" << row.trials;
    EXPECT_NEAR(interval.upper, row.upper, 1e-6) << row.successes << "/" << row.trials;
  }
}

TEST(ClopperPearsonTest, HasAClosedFormWhereNothingHappened) {
  for (const int64_t trials : {1, 59, 4000}) {
    for (const double confidence : {0.5, 0.95, 0.999}) {
      const double upper =
          1 - std::pow((1 - confidence) / 2, 1.0 / static_cast<double>(trials));
      EXPECT_NEAR(ClopperPearson(0, trials, confidence).upper, upper, 1e-9);
      EXPECT_NEAR(ClopperPearson(trials, trials, confidence).lower, 1 - upper, 1e-9);
    }
  }
}

TEST(ClopperPearsonTest, CoversEveryRateOftenEnough) {
  constexpr int64_t kTrials = 20;
  std::vector<Interval> intervals;
  for (int64_t k = 0; k <= kTrials; ++k) {
    intervals.push_back(ClopperPearson(k, kTrials, 0.95));
  }
  for (double rate = 0.01; rate < 1; rate += 0.01) {
    double covered = 0;
    for (int64_t k = 0; k <= kTrials; ++k) {
      if (!intervals[k].Contains(rate)) continue;
      covered += BinomialAtMost(k, kTrials, rate) - BinomialAtMost(k - 1, kTrials, rate);
    }
    EXPECT_GE(covered, 0.95 - 1e-9) << rate;
  }
}

TEST(ProportionTest, HasItsRateInItsInterval) {
  const Proportion proportion = {.successes = 7, .trials = 20};
  EXPECT_EQ(proportion.rate(), 0.35);
  EXPECT_TRUE(proportion.interval().Contains(0.35));
  EXPECT_FALSE(proportion.interval().Contains(0.15));
}

}  // namespace
}  // namespace kvwire
