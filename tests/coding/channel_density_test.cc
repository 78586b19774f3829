#include "common/coding/channel_density.h"

#include <cmath>
#include <numeric>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

double H(double p) { return -(p * std::log(p) + (1 - p) * std::log1p(-p)) / std::log(2); }

TEST(ChannelDensityTest, BothHalvesTogetherHaveTheEntropyOfTheTwoChannels) {
  for (const double p : {1e-12, 1e-4, 0.01, 0.11, 0.3, 0.49}) {
    const ChannelGrid grid(p);
    ChannelDensity channel = grid.Symmetric();
    EXPECT_NEAR(grid.Entropy(channel) / H(p), 1, 1e-9) << p;
    for (int level = 0; level < 5; ++level) {
      const ChannelDensity minus = grid.Minus(channel, channel);
      const ChannelDensity plus = grid.Plus(channel, channel);
      const double both = grid.Entropy(minus) + grid.Entropy(plus);
      EXPECT_NEAR(both, 2 * grid.Entropy(channel), 1e-9) << p;
      EXPECT_LT(grid.Entropy(plus), grid.Entropy(minus));
      EXPECT_NEAR(std::accumulate(plus.begin(), plus.end(), 0.0), 1, 1e-12);
      channel = level % 2 == 0 ? minus : plus;
    }
  }
}

// The first halving has a closed form.
TEST(ChannelDensityTest, AnXorOfTwoNoisyBitsIsWrongWhereOneOfThemIs) {
  for (const double p : {0.01, 0.11, 0.4}) {
    const ChannelGrid grid(p);
    const ChannelDensity channel = grid.Symmetric();
    EXPECT_NEAR(grid.Entropy(grid.Minus(channel, channel)), H(2 * p * (1 - p)), 2e-3);
  }
}

TEST(ChannelDensityTest, AnErasedBitErasesAnXorAndAddsNothingToASum) {
  const ChannelGrid grid(0.11);
  const ChannelDensity channel = grid.Symmetric();
  EXPECT_NEAR(grid.Entropy(grid.Minus(channel, ChannelGrid::Erasing())), 1, 1e-12);
  EXPECT_NEAR(grid.Entropy(grid.Plus(channel, ChannelGrid::Erasing())), H(0.11), 1e-9);
}

}  // namespace
}  // namespace kvwire
