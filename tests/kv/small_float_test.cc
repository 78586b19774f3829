#include "common/kv/small_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr SmallFloat kFormats[] = {SmallFloat::kBinary16, SmallFloat::kE4M3};

// Sign, exponent and fraction as the two standards define them.
double ValueOf(SmallFloat format, uint32_t code) {
  const int fraction_bits = format == SmallFloat::kBinary16 ? 10 : 3;
  const int exponent_bits = format == SmallFloat::kBinary16 ? 5 : 4;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(code >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = (code & ((1U << fraction_bits) - 1)) / std::pow(2, fraction_bits);
  const double size = exponent == 0 ? fraction * std::pow(2, 1 - bias)
                                    : (1 + fraction) * std::pow(2, exponent - bias);
  return code >> (fraction_bits + exponent_bits) != 0 ? -size : size;
}

// The finite numbers of a format in order, each once.
std::vector<double> Numbers(SmallFloat format) {
  std::vector<double> numbers;
  for (uint32_t code = 0; code < 1U << SmallFloatBits(format); ++code) {
    if (IsFiniteCode(format, code)) numbers.push_back(ValueOf(format, code));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

TEST(SmallFloatTest, EveryCodeHasTheValueOfItsStandard) {
  for (const SmallFloat format : kFormats) {
    for (uint32_t code = 0; code < 1U << SmallFloatBits(format); ++code) {
      if (!IsFiniteCode(format, code)) continue;
      EXPECT_EQ(SmallFloatValue(format, code), ValueOf(format, code)) << code;
    }
    EXPECT_EQ(Numbers(format).back(), LargestSmallFloat(format));
  }
  // Exponents of ones are infinities and NaNs; E4M3 has one NaN of each sign only.
  EXPECT_EQ(Numbers(SmallFloat::kBinary16).size(), 65536U - 2 * 1024 - 1);
  EXPECT_EQ(Numbers(SmallFloat::kE4M3).size(), 256U - 2 - 1);
}

void ExpectRoundsToNeighbours(SmallFloat format, const std::vector<double>& numbers,
                              float number) {
  const double inside =
      std::clamp(static_cast<double>(number), numbers.front(), numbers.back());
  const auto above = std::lower_bound(numbers.begin(), numbers.end(), inside);
  const auto below = *above == inside ? above : above - 1;
  const uint32_t up = RoundUp(format, number);
  const uint32_t down = RoundDown(format, number);
  ASSERT_EQ(ValueOf(format, up), *above) << number;
  ASSERT_EQ(ValueOf(format, down), *below) << number;
  const uint32_t minus_zero = 1U << (SmallFloatBits(format) - 1);
  ASSERT_NE(up, minus_zero) << number;
  ASSERT_NE(down, minus_zero) << number;
}

TEST(SmallFloatTest, RoundsToTheNextNumberOnEitherSide) {
  std::mt19937 random(1);
  for (const SmallFloat format : kFormats) {
    const std::vector<double> numbers = Numbers(format);
    for (const double number : numbers) {
      const auto exact = static_cast<float>(number);
      const float infinity = std::numeric_limits<float>::infinity();
      for (const float near :
           {exact, std::nextafter(exact, infinity), std::nextafter(exact, -infinity)}) {
        ExpectRoundsToNeighbours(format, numbers, near);
      }
    }
    for (int trial = 0; trial < 100000; ++trial) {
      const auto number = std::bit_cast<float>(static_cast<uint32_t>(random()));
      if (std::isfinite(number)) ExpectRoundsToNeighbours(format, numbers, number);
    }
    ExpectRoundsToNeighbours(format, numbers, -0.0F);
  }
}

}  // namespace
}  // namespace kvwire
