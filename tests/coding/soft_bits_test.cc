#include "common/coding/soft_bits.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

double Nats(int units) { return units / kSoftUnitsPerNat; }

int16_t XorOf(int a, int b) {
  return SoftXor(SplatLanes(static_cast<int16_t>(a)), SplatLanes(static_cast<int16_t>(b)))[3];
}

TEST(SoftBitsTest, TheBeliefAboutAnXorIsWithinFiveHundredthsOfANat) {
  for (int a = -kMostSoft; a <= kMostSoft; a += 97) {
    for (int b = -6000; b <= 6000; b += 31) {
      const double expected = 2 * std::atanh(std::tanh(Nats(a) / 2) * std::tanh(Nats(b) / 2));
      const double other =
          std::copysign(std::min(std::abs(Nats(a)), std::abs(Nats(b))), expected);
      ASSERT_NEAR(Nats(XorOf(a, b)), std::isfinite(expected) ? expected : other, 0.05)
          << a << " " << b;
    }
  }
}

TEST(SoftBitsTest, TheBeliefAboutAnXorHasTheSignOfTheProductAndNoMoreThanTheLesserSize) {
  for (int a = -40; a <= 40; ++a) {
    for (int b = -4000; b <= 4000; b += 7) {
      const int f = XorOf(a, b);
      ASSERT_EQ(f > 0, a * b > 0) << a << " " << b;
      ASSERT_EQ(f < 0, a * b < 0) << a << " " << b;
      ASSERT_LE(std::abs(f), std::min(std::abs(a), std::abs(b)));
      ASSERT_EQ(f, XorOf(b, a));
    }
  }
}

TEST(SoftBitsTest, SumsAreCutAtTheLargestBelief) {
  const auto sum = [](int a, int b, int c) {
    return int{SoftSum(SplatLanes(static_cast<int16_t>(a)),
                       SplatLanes(static_cast<int16_t>(b)),
                       SplatLanes(static_cast<int16_t>(c)))[5]};
  };
  EXPECT_EQ(sum(100, 20, 0), 120);
  EXPECT_EQ(sum(100, 20, -1), -80);
  EXPECT_EQ(sum(kMostSoft, kMostSoft, 0), kMostSoft);
  EXPECT_EQ(sum(kMostSoft, -kMostSoft, -1), -kMostSoft);
}

TEST(SoftBitsTest, InDoubtABitIsZero) {
  EXPECT_EQ(HardBits(SplatLanes(0))[0], 0);
  EXPECT_EQ(HardBits(SplatLanes(1))[0], 0);
  EXPECT_EQ(HardBits(SplatLanes(-1))[0], -1);
}

TEST(LanesTest, SignsAndBitsAreEachOthersInverse) {
  for (int bits = 0; bits < 256; ++bits) {
    const auto byte = static_cast<uint8_t>(bits);
    EXPECT_EQ(SignsOfLanes(LanesOfBits(byte)), byte);
  }
}

TEST(LanesTest, HighProductsRoundTowardsMinusInfinity) {
  for (int a = -32768; a <= 32767; a += 331) {
    for (int b = -32768; b <= 32767; b += 277) {
      const Lanes product = HighProductLanes(SplatLanes(static_cast<int16_t>(a)),
                                             SplatLanes(static_cast<int16_t>(b)));
      ASSERT_EQ(product[7], std::floor(a * static_cast<double>(b) / 65536));
    }
  }
}

}  // namespace
}  // namespace kvwire
