#include "common/base/binary_entropy.h"

#include <cmath>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(BinaryEntropyTest, IsZeroWhereTheBitIsCertainAndOneWhereItIsAFairCoin) {
  EXPECT_EQ(BinaryEntropy(0), 0);
  EXPECT_EQ(BinaryEntropy(1), 0);
  EXPECT_EQ(BinaryEntropy(0.5), 1);
  EXPECT_NEAR(BinaryEntropy(0.25), 2 - 0.75 * std::log2(3), 1e-15);
  EXPECT_EQ(BinaryEntropy(0.25), BinaryEntropy(0.75));
}

TEST(BinaryEntropyTest, AgreesWithTheLibraryInRelativeTermsFromTheSmallestProbabilities) {
  for (int i = 1; i < 5000; ++i) {
    const double p = 0.5 * std::pow(0.99, i);
    const double expected = -(p * std::log2(p) + (1 - p) * std::log1p(-p) / std::log(2));
    ASSERT_NEAR(BinaryEntropy(p) / expected, 1, 1e-14) << p;
  }
}

TEST(RateDistortionTest, IsTheTableOfTextbooks) {
  EXPECT_EQ(RateDistortion(0), 1);
  EXPECT_EQ(RateDistortion(0.5), 0);
  EXPECT_NEAR(RateDistortion(0.01), 0.919207, 5e-7);
  EXPECT_NEAR(RateDistortion(0.11), 0.500084, 5e-7);
  EXPECT_NEAR(RateDistortion(0.25), 0.188722, 5e-7);
  EXPECT_NEAR(RateDistortion(0.4), 0.029049, 5e-7);
}

TEST(RateDistortionTest, KeepsItsRelativeAccuracyNearOneHalf) {
  for (int i = 2; i < 40; ++i) {
    const double bias = std::ldexp(1.0, -i);
    // 1 - H_b((1 - b) / 2) = (b^2 / 2 + b^4 / 12 + b^6 / 30 + ...) / ln 2
    double expected = 0;
    for (int k = 1; k < 40; ++k) expected += std::pow(bias, 2 * k) / (2 * k * (2 * k - 1));
    ASSERT_NEAR(RateDistortion((1 - bias) / 2) / (expected / std::log(2)), 1, 1e-14) << bias;
  }
}

TEST(RateDistortionTest, FallsAcrossTheSeamOfItsTwoForms) {
  EXPECT_NEAR(RateDistortion(0.25 - 1e-9), RateDistortion(0.25 + 1e-9) + 2e-9 * std::log2(3),
              1e-14);
}

TEST(DistortionAtRateTest, IsTheInverse) {
  EXPECT_EQ(DistortionAtRate(0), 0.5);
  EXPECT_NEAR(DistortionAtRate(1), 0, 1e-17);
  for (double d = 0.001; d < 0.5; d += 0.001) {
    ASSERT_NEAR(DistortionAtRate(RateDistortion(d)), d, 1e-13);
  }
}

}  // namespace
}  // namespace kvwire
