#include "common/coding/adaptive_bit.h"

#include <cmath>
#include <random>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// What `bit` expects of `one`, as bits of information.
double Cost(const AdaptiveBit& bit, bool one) {
  const double p = bit.probability() / 65536.0;
  return -std::log2(one ? p : 1 - p);
}

// n times the entropy of `ones` in n.
double EntropyBits(double ones, double n) {
  const auto term = [n](double k) { return k == 0 ? 0 : -k * std::log2(k / n); };
  return term(ones) + term(n - ones);
}

TEST(AdaptiveBitTest, IsTheEstimateOfKrichevskyAndTrofimovForAllShortSequences) {
  for (int sequence = 0; sequence < 1 << 14; ++sequence) {
    AdaptiveBit bit;
    double ones = 0;
    for (int n = 0; n < 14; ++n) {
      EXPECT_EQ(bit.count(), static_cast<uint32_t>(n));
      ASSERT_NEAR(bit.probability() / 65536.0, (ones + 0.5) / (n + 1), 3e-4);
      const bool one = (sequence >> n & 1) != 0;
      bit.Update(one);
      ones += one;
    }
  }
}

TEST(AdaptiveBitTest, CostsLittleMoreThanTheBestFixedProbability) {
  std::mt19937_64 random(1);
  for (const double p : {0.0, 0.001, 0.03, 0.2, 0.5, 0.9, 1.0}) {
    for (const int n : {1, 10, 100, 1000}) {
      AdaptiveBit bit;
      double ones = 0;
      double bits = 0;
      for (int i = 0; i < n; ++i) {
        const bool one = std::uniform_real_distribution<>()(random) < p;
        bits += Cost(bit, one);
        bit.Update(one);
        ones += one;
      }
      const double least = EntropyBits(ones, n);
      EXPECT_GE(bits, least);
      EXPECT_LE(bits, least + std::log2(n) / 2 + 1.1) << p << " " << n;
    }
  }
}

TEST(AdaptiveBitTest, ForgetsOldDecisions) {
  AdaptiveBit bit;
  for (int i = 0; i < 100000; ++i) bit.Update(true);
  EXPECT_GT(bit.probability(), 65536 * 0.999);
  for (int i = 0; i < 5000; ++i) bit.Update(false);
  EXPECT_LT(bit.probability(), 65536 * 0.01);
  EXPECT_EQ(bit.count(), AdaptiveBit::kMostCount);
}

TEST(AdaptiveBitTest, StaysInRangeAtItsLimits) {
  for (const bool one : {false, true}) {
    AdaptiveBit bit;
    for (int i = 0; i < 1000000; ++i) bit.Update(one);
    EXPECT_LE(bit.probability(), 65536);
    bit.Update(!one);
    EXPECT_GT(bit.probability(), 0);
    EXPECT_LT(bit.probability(), 65536);
  }
}

}  // namespace
}  // namespace kvwire
