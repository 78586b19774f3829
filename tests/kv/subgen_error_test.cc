// SubGen as published against the ratio of the same samples, on keys in clusters: 4096
// tokens in 64 clusters, d = 64, values around one of their cluster. Errors are relative, of
// the attention output, over 3 seeds.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/random_tokens.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

struct Measured {
  double error = 0;
  double bits_per_number = 0;
};

// Of queries of norm `sharpness`.
Measured Measure(const std::string& spec, double sharpness) {
  constexpr int kSeeds = 3;
  Measured mean;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const ClusteredTokens drawn(4096, 64, 64, 0.4, 0.3, sharpness, 40, seed);
    CacheSetup setup = SetupOf(spec, 64);
    setup.seed = seed;
    auto cache = NewCache(setup);
    EXPECT_THAT(cache->Append(drawn.tokens.Block()), IsOk());
    const Eigen::MatrixXd truth =
        NaiveAttention(drawn.queries, drawn.tokens.keys, drawn.tokens.values, 0);
    mean.error += RelativeError(Attended(*cache, drawn.queries), truth) / kSeeds;
    mean.bits_per_number +=
        static_cast<double>(cache->StateBits()) / (2.0 * 4096 * 64) / kSeeds;
  }
  return mean;
}

TEST(SubgenErrorTest, OneSampleForBothSumsBeatsTwoAtEqualBits) {
  const std::string paper = "subgen:delta=0.7,s=160,t=2";
  const std::string ratio = "subgen-ratio:delta=0.7,t=3";
  for (const double sharpness : {4.0, 40.0}) {
    const Measured two = Measure(paper, sharpness);
    const Measured one = Measure(ratio, sharpness);
    EXPECT_NEAR(two.bits_per_number, 2.0, 0.05);
    EXPECT_NEAR(one.bits_per_number, 1.76, 0.05);
    EXPECT_GT(two.error / one.error, sharpness == 4 ? 2.5 : 3.5);
    EXPECT_LT(two.error / one.error, sharpness == 4 ? 4.5 : 7.5);
    // Measured: 0.178 and 0.198.
    EXPECT_GT(one.error, sharpness == 4 ? 0.16 : 0.18);
    EXPECT_LT(one.error, sharpness == 4 ? 0.20 : 0.22);
    // Zero, at no bits, has an error of 1; the mean of all values 0.92 and 0.99.
    EXPECT_LT(one.error, Measure("zero", sharpness).error);
    EXPECT_LT(one.error, Measure("mean", sharpness).error);
  }
}

TEST(SubgenErrorTest, BaselinesThatKnowNoKeysAreAsFarOffAsZeroOrNearly) {
  for (const double sharpness : {4.0, 40.0}) {
    EXPECT_EQ(Measure("zero", sharpness).error, 1);
    EXPECT_NEAR(Measure("mean", sharpness).error, sharpness == 4 ? 0.92 : 0.99, 0.02);
  }
}

TEST(SubgenErrorTest, MoreTokensAClusterAreLessError) {
  const double few = Measure("subgen-ratio:delta=0.7,t=1", 4).error;
  const double some = Measure("subgen-ratio:delta=0.7,t=4", 4).error;
  const double many = Measure("subgen-ratio:delta=0.7,t=16", 4).error;
  // As 1/sqrt(t), and faster when 16 of a cluster's 64 are kept without repeats.
  EXPECT_NEAR(few / some, 2, 0.3);
  EXPECT_NEAR(some / many, 2.2, 0.3);
}

}  // namespace
}  // namespace kvwire
