#include "common/statistics/mean_interval.h"

#include <cmath>
#include <utility>
#include <vector>

#include "common/base/counter_rng.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// Pr[|T| <= t] by Simpson's rule over the density.
double WithinByIntegration(double t, int64_t degrees) {
  const auto nu = static_cast<double>(degrees);
  const double log_height =
      std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2) - 0.5 * std::log(nu * std::acos(-1.0));
  const auto density = [&](double x) {
    return std::exp(log_height - (nu + 1) / 2 * std::log1p(x * x / nu));
  };
  constexpr int kSteps = 4000;
  const double step = t / kSteps;
  double sum = density(0) + density(t);
  for (int i = 1; i < kSteps; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(i * step);
  return 2 * sum * step / 3;
}

TEST(StudentWithinTest, AgreesWithTheIntegralOfTheDensity) {
  for (int64_t degrees = 1; degrees <= 12; ++degrees) {
    for (const double t : {0.0, 0.1, 0.5, 1.0, 2.0, 5.0}) {
      ASSERT_NEAR(StudentWithin(t, degrees), WithinByIntegration(t, degrees), 1e-10)
          << t << " at " << degrees;
    }
  }
  EXPECT_NEAR(StudentWithin(1, 1001), WithinByIntegration(1, 1001), 1e-10);
}

TEST(StudentWithinTest, OneAndTwoDegreesHaveClosedForms) {
  for (const double t : {0.25, 1.0, 3.0, 100.0}) {
    EXPECT_NEAR(StudentWithin(t, 1), 2 / std::acos(-1.0) * std::atan(t), 1e-15);
    EXPECT_NEAR(StudentWithin(t, 2), t / std::sqrt(2 + t * t), 1e-15);
  }
}

TEST(StudentWithinTest, BecomesTheNormalDistribution) {
  EXPECT_NEAR(StudentWithin(1.959963984540054, 1000000), 0.95, 1e-6);
}

TEST(StudentQuantileTest, HasThePrintedValues) {
  // Abramowitz and Stegun, table 26.10, with more digits.
  const std::vector<std::pair<int64_t, double>> at_95 = {
      {1, 12.7062047362}, {2, 4.3026527297}, {3, 3.1824463053},  {4, 2.7764451052},
      {5, 2.5705818356},  {9, 2.2621571628}, {30, 2.0422724563}, {120, 1.9799304051}};
  for (const auto& [degrees, t] : at_95) {
    EXPECT_NEAR(StudentQuantile(0.95, degrees), t, 1e-9 * t) << degrees;
  }
  EXPECT_NEAR(StudentQuantile(0.99, 1), 63.6567411629, 1e-7);
  EXPECT_NEAR(StudentQuantile(0.99, 4), 4.6040948713, 1e-9);
  EXPECT_NEAR(StudentQuantile(0.5, 1), 1, 1e-12);
}

TEST(StudentIntervalTest, OfFiveNumbersIsThatOfTheTextbook) {
  // Mean 3, deviation sqrt(5/2), 4 degrees of freedom.
  const MeanInterval found = StudentInterval({1, 2, 3, 4, 5}, 0.95);
  const double half = 2.7764451052 * std::sqrt(2.5) / std::sqrt(5.0);
  EXPECT_EQ(found.mean, 3);
  EXPECT_NEAR(found.interval.lower, 3 - half, 1e-8);
  EXPECT_NEAR(found.interval.upper, 3 + half, 1e-8);
}

TEST(StudentIntervalTest, OfEqualNumbersHasNoWidth) {
  const MeanInterval found = StudentInterval({0.25, 0.25, 0.25}, 0.95);
  EXPECT_EQ(found.mean, 0.25);
  EXPECT_EQ(found.interval.lower, 0.25);
  EXPECT_EQ(found.interval.upper, 0.25);
}

TEST(StudentIntervalTest, CoversTheExpectationAsOftenAsItSays) {
  const CounterRng rng(/*seed=*/7, /*stream=*/0);
  constexpr int kTrials = 20000;
  for (const uint64_t size : {2, 5, 12}) {
    int covered = 0;
    for (uint64_t trial = 0; trial < kTrials; ++trial) {
      std::vector<double> samples;
      for (uint64_t i = 0; i < size; ++i) {
        samples.push_back(10 + 3 * rng.Normal((size << 32) + trial * size + i));
      }
      covered += StudentInterval(samples, 0.95).interval.Contains(10);
    }
    // Four standard deviations of 20000 draws.
    EXPECT_NEAR(static_cast<double>(covered) / kTrials, 0.95, 0.0062) << size;
  }
}

}  // namespace
}  // namespace kvwire
