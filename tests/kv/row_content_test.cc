#include "common/kv/row_content.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

template <typename Number>
class RowContentTest : public ::testing::Test {};
using Numbers = ::testing::Types<float, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(RowContentTest, Numbers);

// Every number of 16 significant and exponent bits, the numbers next to it and the halfway
// ones, of both signs; and others at random.
std::vector<float> ManyNumbers() {
  std::vector<float> numbers;
  const auto add = [&numbers](uint32_t bits) {
    for (const uint32_t sign : {0U, 0x80000000U}) {
      const auto number = std::bit_cast<float>(bits | sign);
      if (!std::isnan(number)) numbers.push_back(number);
    }
  };
  for (uint32_t high = 0; high < 0x7f81; ++high) {
    for (const uint32_t low : {0U, 1U, 0xfffU, 0x1000U, 0x1001U, 0x1fffU, 0x2000U, 0x2fffU,
                               0x3000U, 0x3001U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      add(high << 16 | low);
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 500000; ++i) add(static_cast<uint32_t>(random()) >> 1);
  return numbers;
}

TYPED_TEST(RowContentTest, RowsRoundAsTheirNumbersDo) {
  const std::vector<float> numbers = ManyNumbers();
  std::vector<TypeParam> rounded(numbers.size());
  RoundRow<TypeParam>(numbers, rounded.data());
  int64_t wrong = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    // Eigen's own conversion; by value and sign, and the bits of zeros.
    const auto expected = static_cast<float>(TypeParam(numbers[i]));
    wrong += std::bit_cast<uint32_t>(static_cast<float>(rounded[i])) !=
             std::bit_cast<uint32_t>(expected);
  }
  EXPECT_EQ(wrong, 0);
}

// The strange number at each place, so that it is among those that are done at once and among
// those that are left.
TYPED_TEST(RowContentTest, OneNumberDecidesWhereverItIs) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const size_t width : {size_t{1}, size_t{2}, size_t{7}, size_t{8}, size_t{67}}) {
    for (size_t place = 0; place < width; ++place) {
      const auto content = [&](float usual, float strange) {
        std::vector<float> row(width, usual);
        row[place] = strange;
        std::vector<TypeParam> rounded(width);
        const RowContent found = RoundRow<TypeParam>(row, rounded.data());
        EXPECT_EQ(found, ContentOf<TypeParam>(rounded));
        return found;
      };
      EXPECT_EQ(content(0, -0.0F), RowContent::kZero);
      EXPECT_EQ(content(0, -1), RowContent::kFinite);
      EXPECT_EQ(content(0, kInfinity), RowContent::kNotFinite);
      EXPECT_EQ(content(1, -kInfinity), RowContent::kNotFinite);
      EXPECT_EQ(content(1, kNan), RowContent::kNotFinite);
    }
  }
  EXPECT_EQ(ContentOf<TypeParam>({}), RowContent::kZero);
}

TEST(RowContentTest16, WhatIsTooLargeOrTooSmallForBinary16IsSeenOnceItIsRounded) {
  const auto content = [](float number) {
    Eigen::half rounded;
    return RoundRow<Eigen::half>({&number, 1}, &rounded);
  };
  EXPECT_EQ(content(65519), RowContent::kFinite);
  EXPECT_EQ(content(65520), RowContent::kNotFinite);
  EXPECT_EQ(content(0x1p-25F), RowContent::kZero);
  EXPECT_EQ(content(0x1.000002p-25F), RowContent::kFinite);
}

TEST(WholeContentTest, IsFiniteIfBothPartsAreAndZeroIfBothAre) {
  using enum RowContent;
  EXPECT_EQ(WholeContent(kZero, kZero), kZero);
  EXPECT_EQ(WholeContent(kZero, kFinite), kFinite);
  EXPECT_EQ(WholeContent(kFinite, kZero), kFinite);
  EXPECT_EQ(WholeContent(kNotFinite, kZero), kNotFinite);
  EXPECT_EQ(WholeContent(kFinite, kNotFinite), kNotFinite);
}

template <typename Number>
RowContent ContentByDefinition(const std::vector<Number>& row) {
  bool zero = true;
  for (const Number number : row) {
    if (!std::isfinite(static_cast<float>(number))) return RowContent::kNotFinite;
    zero = zero && static_cast<float>(number) == 0;
  }
  return zero ? RowContent::kZero : RowContent::kFinite;
}

// Of keys and values [width]: all alike or drawn, but for one number at `place`.
template <typename Number>
std::vector<std::vector<Number>> RowsWithOneStrangeNumber(size_t width, size_t place,
                                                          std::mt19937& random) {
  const auto largest = static_cast<float>(Eigen::NumTraits<Number>::highest());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kDrawn = 7;
  std::normal_distribution<float> normal;
  std::vector<std::vector<Number>> rows;
  for (const float usual : {0.0F, -0.0F, kDrawn, -largest}) {
    for (const float strange : {usual, 1.0F, -largest, -kInfinity, std::nanf("1")}) {
      std::vector<Number>& row = rows.emplace_back(2 * width);
      for (Number& number : row) number = Number(usual == kDrawn ? normal(random) : usual);
      row[place] = Number(strange);
    }
  }
  return rows;
}

// From any place, to any place that numbers can have: only some take the way past the caches.
TYPED_TEST(RowContentTest, CopiedRowsAreWhatIsThereAndSayWhatTheyHoldWhereverTheyGo) {
  std::mt19937 random(2);
  for (const size_t width : {1, 2, 3, 4, 7, 8, 13, 16, 32, 67}) {
    for (size_t place = 0; place < 2 * width; ++place) {
      std::string bytes(place % 3, 'x');
      std::string wanted_keys, wanted_values;
      std::vector<RowContent> wanted;
      for (const auto& row : RowsWithOneStrangeNumber<TypeParam>(width, place, random)) {
        const std::string_view both(reinterpret_cast<const char*>(row.data()),
                                    row.size() * sizeof(TypeParam));
        bytes += both;
        wanted_keys += both.substr(0, both.size() / 2);
        wanted_values += both.substr(both.size() / 2);
        wanted.push_back(ContentByDefinition(row));
      }
      for (const CopyTo where : {CopyTo::kCaches, CopyTo::kMemory}) {
        for (const size_t shift : {size_t{0}, size_t{1}, 16 / sizeof(TypeParam)}) {
          std::vector<TypeParam> keys(wanted.size() * width + shift), values(keys);
          std::vector<RowContent> contents(wanted.size());
          CopyRows<TypeParam>(bytes.data() + place % 3, static_cast<int64_t>(width), where,
                              keys.data() + shift, values.data() + shift,
                              absl::MakeSpan(contents));
          ASSERT_EQ(contents, wanted);
          ASSERT_EQ(std::memcmp(&keys[shift], wanted_keys.data(), wanted_keys.size()), 0);
          ASSERT_EQ(std::memcmp(&values[shift], wanted_values.data(), wanted_values.size()),
                    0);
        }
      }
    }
  }
}

TEST(RowContentTest16, EveryNumberOfBinary16WidensToItself) {
  std::vector<Eigen::half> numbers;
  for (uint32_t code = 0; code < 0x10000; ++code) {
    if ((code & 0x7fff) > 0x7c00) continue;  // not a number
    numbers.push_back(Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(code)));
  }
  std::vector<float> wide(numbers.size());
  WidenRow(numbers, wide.data());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto code = Eigen::numext::bit_cast<uint16_t>(numbers[i]);
    const int exponent = code >> 10 & 31;
    const int mantissa = code & 1023;
    const float size = exponent == 31  ? std::numeric_limits<float>::infinity()
                       : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                       : std::ldexp(1024.0F + mantissa, exponent - 25);
    EXPECT_EQ(std::bit_cast<uint32_t>(wide[i]),
              std::bit_cast<uint32_t>((code & 0x8000) != 0 ? -size : size));
  }
}

// At each place, so that it is among those that are done at once and among those that are
// left.
TEST(AllSmallerTest, OneNumberThatIsNotDecidesWhereverItIs) {
  constexpr float kLimit = 65520;
  const float below = std::nextafter(kLimit, 0.0F);
  for (size_t count = 0; count < 40; ++count) {
    std::vector<float> row(count, below);
    EXPECT_TRUE(AllSmaller(row, kLimit));
    for (float& number : row) number = -number;
    EXPECT_TRUE(AllSmaller(row, kLimit));
    for (size_t at = 0; at < count; ++at) {
      for (const float large :
           {kLimit, -kLimit, std::numeric_limits<float>::infinity(),
            -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(),
            -std::numeric_limits<float>::quiet_NaN()}) {
        row[at] = large;
        EXPECT_FALSE(AllSmaller(row, kLimit)) << large << " at " << at << " of " << count;
        row[at] = 0;
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
