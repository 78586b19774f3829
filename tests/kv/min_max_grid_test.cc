#include "common/kv/min_max_grid.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "common/kv/grid_ends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr GridEnds kHalfEnds(SmallFloat::kBinary16);
constexpr GridEnds kByteEnds(SmallFloat::kE4M3);

MinMaxGrid Covering(const GridEnds& ends, float low, float high, int code_bits) {
  return ends.Grid(ends.Cover(low, high), code_bits);
}

TEST(MinMaxGridTest, ValuesAreEvenlySpacedAndTheEndsAreExact) {
  for (int bits = 1; bits <= MinMaxGrid::kMaxCodeBits; ++bits) {
    const uint32_t last = (1U << bits) - 1;
    for (const auto& [low, high] : {std::pair{-65504.0F, 65504.0F},
                                    {-65504.0F, std::ldexp(1.0F, -24)},
                                    {std::ldexp(-1.0F, -24), std::ldexp(1.0F, -24)},
                                    {0.0F, 1.0F},
                                    {-1.0F, 1.0F},
                                    {3.0F, 3.0F}}) {
      const MinMaxGrid grid = Covering(kHalfEnds, low, high, bits);
      EXPECT_EQ(grid.Value(0), low);
      EXPECT_EQ(grid.Value(last), high);
      for (uint32_t code = 0; code <= last; ++code) {
        const double expected = low + (static_cast<double>(high) - low) / last * code;
        const double size = std::max(std::abs(low), std::abs(high));
        EXPECT_NEAR(grid.Value(code), expected, size * std::ldexp(1, -24));
        EXPECT_EQ(grid.Code(grid.Value(code)), low < high ? code : 0);
      }
    }
  }
}

// As is documented of the format, for inputs of every size that it takes.
TEST(MinMaxGridTest, TheErrorOfANumberBetweenTheEndsIsAtMostHalfAStep) {
  std::mt19937_64 random(1);
  const auto uniform = [&random] {
    return static_cast<double>(random()) / 18446744073709551616.0;
  };
  for (int bits = 1; bits <= MinMaxGrid::kMaxCodeBits; ++bits) {
    double worst = 0;
    for (int trial = 0; trial < 20000; ++trial) {
      const double middle =
          std::ldexp(2 * uniform() - 1, static_cast<int>(random() % 40) - 24);
      const double reach = std::ldexp(uniform(), static_cast<int>(random() % 40) - 24);
      const auto low = static_cast<float>(std::max(-65504.0, middle - reach));
      const auto high = static_cast<float>(std::min(65504.0, middle + reach));
      const MinMaxGrid grid = Covering(kHalfEnds, low, high, bits);
      const double first = grid.Value(0);
      const double last = grid.Value((1U << bits) - 1);
      ASSERT_LE(first, low);
      ASSERT_GE(last, high);
      const double half_step = (last - first) / ((1 << bits) - 1) / 2;
      const double rounding = std::ldexp(std::max(std::abs(first), std::abs(last)), -24);
      const auto number =
          static_cast<float>(low + (static_cast<double>(high) - low) * uniform());
      const double error = std::abs(grid.Value(grid.Code(number)) - number);
      ASSERT_LE(error, half_step + rounding) << low << " " << high << " " << number;
      if (half_step > 0) worst = std::max(worst, error / half_step);
    }
    EXPECT_GT(worst, 0.99);
  }
}

TEST(MinMaxGridTest, CodesAreThoseOfTheNearestValueAndOfTheNearerEnd) {
  const MinMaxGrid grid(0, 3, 2);
  for (const auto& [number, code] : {std::pair{-5.0F, 0U},
                                     {0.49F, 0U},
                                     {0.5F, 1U},
                                     {1.49F, 1U},
                                     {1.5F, 2U},
                                     {2.5F, 3U},
                                     {3.0F, 3U},
                                     {1e30F, 3U}}) {
    EXPECT_EQ(grid.Code(number), code) << number;
  }
}

TEST(MinMaxGridTest, AGroupOfEqualNumbersComesBackAsTheNearestValueOfItsEnds) {
  for (const float number : {0.0F, 1.0F, -2.5F, 65504.0F, 0.1F, 1e-9F}) {
    const MinMaxGrid grid = Covering(kHalfEnds, number, number, 3);
    const double ulp = std::max(std::ldexp(std::abs(number), -10), std::ldexp(1.0F, -24));
    EXPECT_NEAR(grid.Value(grid.Code(number)), number, ulp / 7 / 2 * 1.001);
  }
}

TEST(GridEndsTest, NumbersPastTheFormatHaveItsLargestEnds) {
  const MinMaxGrid half = Covering(kHalfEnds, -65519, 65519, 1);
  EXPECT_EQ(half.Value(0), -65504);
  EXPECT_EQ(half.Value(1), 65504);
  const MinMaxGrid byte = Covering(kByteEnds, -1000, 1000, 1);
  EXPECT_EQ(byte.Value(0), -448);
  EXPECT_EQ(byte.Value(1), 448);
}

TEST(GridEndsTest, ChecksThatEndsAreFiniteAndInOrder) {
  EXPECT_EQ(kHalfEnds.bits(), 32);
  EXPECT_EQ(kByteEnds.bits(), 16);
  for (const GridEnds& ends : {kHalfEnds, kByteEnds}) {
    const int half = ends.bits() / 2;
    const uint64_t good = ends.Cover(-1, 2);
    const uint64_t reversed = good >> half | (good & ((uint64_t{1} << half) - 1)) << half;
    const uint64_t not_finite = (uint64_t{1} << (half - 1)) - 1;
    for (const auto& [stored, valid] : {std::pair{good, true},
                                        {reversed, false},
                                        {not_finite, false},
                                        {not_finite << half, false},
                                        {uint64_t{0}, true}}) {
      PackedBits field;
      field.Put(good, ends.bits());
      field.Put(stored, ends.bits());
      if (valid) {
        EXPECT_THAT(ends.CheckField(field), IsOk());
      } else {
        EXPECT_THAT(ends.CheckField(field),
                    StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends of group 1 ")));
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
