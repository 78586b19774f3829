#include "common/base/counter_rng.h"

#include <cmath>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// Rows of kat_vectors for philox4x32 with 10 rounds, published with Random123:
// counter words 0 1 2 3, key words 0 1, and the two low words of the output.
TEST(CounterRngTest, HasThePublishedValuesOfPhilox) {
  EXPECT_EQ(CounterRng(0, 0).Bits(0), 0xe169c58d'6627e8d5u);
  EXPECT_EQ(CounterRng(~uint64_t{0}, ~uint64_t{0}).Bits(~uint64_t{0}), 0x41c83b0e'408f276du);
  EXPECT_EQ(CounterRng(0x299f31d0'a4093822, 0x03707344'13198a2e).Bits(0x85a308d3'243f6a88),
            0x94fdcceb'd16cfe09u);
}

TEST(CounterRngTest, DrawsDependOnSeedStreamAndCounter) {
  std::set<uint64_t> draws;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    for (uint64_t stream = 0; stream < 8; ++stream) {
      for (uint64_t counter = 0; counter < 8; ++counter) {
        draws.insert(CounterRng(seed, stream).Bits(counter));
      }
    }
  }
  EXPECT_EQ(draws.size(), 512u);
}

TEST(CounterRngTest, UniformIsAMidpointStrictlyInside) {
  const CounterRng rng(1, 2);
  for (uint64_t i = 0; i < 100000; ++i) {
    const double u = rng.Uniform(i);
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
    const double twice_k_plus_one = std::ldexp(u, 53);
    ASSERT_EQ(std::fmod(twice_k_plus_one, 2), 1);
    ASSERT_EQ((twice_k_plus_one - 1) / 2, static_cast<double>(rng.Bits(i) >> 12));
  }
}

TEST(CounterRngTest, UniformFillsEveryPercentileEvenly) {
  const CounterRng rng(3, 0);
  int counts[100] = {};
  for (uint64_t i = 0; i < 1000000; ++i) ++counts[static_cast<int>(rng.Uniform(i) * 100)];
  // Chi-square with 99 degrees of freedom: mean 99, deviation 14; both sides count.
  double chi = 0;
  for (const int count : counts) chi += (count - 10000.0) * (count - 10000.0) / 10000.0;
  EXPECT_GT(chi, 99 - 60);
  EXPECT_LT(chi, 99 + 80);
}

TEST(CounterRngTest, NormalHasTheMomentsOfANormal) {
  const CounterRng rng(4, 0);
  constexpr int kDraws = 1000000;
  double moments[5] = {};
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double x = rng.Normal(i);
    double power = 1;
    for (double& moment : moments) {
      moment += power / kDraws;
      power *= x;
    }
  }
  // Five standard deviations of each sample moment: 1, sqrt 2, sqrt 15, sqrt 96.
  EXPECT_NEAR(moments[1], 0, 0.005);
  EXPECT_NEAR(moments[2], 1, 0.0071);
  EXPECT_NEAR(moments[3], 0, 0.0194);
  EXPECT_NEAR(moments[4], 3, 0.049);
}

TEST(CounterRngTest, ManyNormalDrawsAreThoseOfTheirCounters) {
  const CounterRng rng(0x123456789abcdef5, 0xfedcba9876543216);
  for (const uint64_t first : {uint64_t{0}, (uint64_t{1} << 32) - 70, ~uint64_t{0} - 100}) {
    for (size_t count = 0; count < 140; ++count) {
      std::vector<double> numbers(count);
      rng.FillNormal(first, absl::MakeSpan(numbers));
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(numbers[i], rng.Normal(first + i));
    }
  }
}

}  // namespace
}  // namespace kvwire
