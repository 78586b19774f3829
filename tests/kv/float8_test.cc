// float8 against the numbers of E4M3, listed from its definition.

#include <cmath>
#include <utility>
#include <vector>

#include "common/kv/row_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// The sizes of the numbers, increasing: 0 to 7 eighths of 2^-6, then eight to a power of
// two, but the last, which is NaN.
std::vector<double> Sizes() {
  std::vector<double> sizes;
  for (int mantissa = 0; mantissa < 8; ++mantissa) sizes.push_back(mantissa / 512.0);
  for (int exponent = -6; exponent <= 8; ++exponent) {
    for (int mantissa = 8; mantissa < 16; ++mantissa) {
      sizes.push_back(mantissa / 8.0 * std::pow(2.0, exponent));
    }
  }
  sizes.pop_back();
  return sizes;
}

// The code and the decoded number of a key, next to a value of 1.
std::pair<uint8_t, float> Coded(float number) {
  const CacheSetup setup = SetupOf("float8", 1);
  auto cache = NewCache(setup);
  const float one = 1;
  EXPECT_THAT(cache->Append({.rows = 1, .keys = &number, .values = &one}), IsOk());
  std::pair<uint8_t, float> coded;
  coded.first =
      static_cast<uint8_t>(ContainerOf(SnapshotOf(*cache, setup)).sections[0].body[0]);
  cache->AsRows()->VisitRows(
      [&](const KeyValueBlock& block) { coded.second = block.keys(0, 0); });
  return coded;
}

TEST(Float8Test, EveryNumberOfTheFormatIsItself) {
  const std::vector<double> sizes = Sizes();
  ASSERT_EQ(sizes.size(), 127U);
  for (size_t code = 0; code < sizes.size(); ++code) {
    const auto size = static_cast<float>(sizes[code]);
    EXPECT_EQ(Coded(size), std::make_pair(static_cast<uint8_t>(code), size));
    if (code == 0) continue;
    EXPECT_EQ(Coded(-size), std::make_pair(static_cast<uint8_t>(code | 0x80), -size));
  }
}

TEST(Float8Test, OthersGoToTheNearestAndHalvesToTheEvenCode) {
  const std::vector<double> sizes = Sizes();
  for (size_t code = 0; code + 1 < sizes.size(); ++code) {
    const auto half = static_cast<float>((sizes[code] + sizes[code + 1]) / 2);
    EXPECT_EQ(Coded(half).first, code + code % 2);
    EXPECT_EQ(Coded(std::nextafter(half, 0.0F)).first, code);
    EXPECT_EQ(Coded(std::nextafter(half, 500.0F)).first, code + 1);
    EXPECT_EQ(Coded(-half).first, code + code % 2 == 0 ? 0 : (code + code % 2) | 0x80);
  }
}

TEST(Float8Test, NumbersPastTheLargestAreTheLargest) {
  EXPECT_EQ(Coded(448.1F).second, 448.0F);
  EXPECT_EQ(Coded(65504.0F).second, 448.0F);
  EXPECT_EQ(Coded(-65504.0F).second, -448.0F);
}

TEST(Float8Test, StateBitsAreThoseOfTheFormula) {
  for (const int64_t dims : {1, 7}) {
    auto cache = NewCache(SetupOf("float8", dims));
    const Matrix ones = Matrix::Ones(9, dims);
    ASSERT_THAT(cache->Append({.rows = 9, .keys = ones.data(), .values = ones.data()}),
                IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
    EXPECT_EQ(cache->StateBits(), 16 * 9 * dims);
  }
}

TEST(Float8Test, CodesThatRoundingNeverYieldsAreRefused) {
  const CacheSetup setup = SetupOf("float8", 1);
  auto cache = NewCache(setup);
  const float one = 1;
  ASSERT_THAT(cache->Append({.rows = 1, .keys = &one, .values = &one}), IsOk());
  Container snapshot = ContainerOf(SnapshotOf(*cache, setup));
  for (const auto& [code, why] : {std::pair('\x7f', "not a number"),
                                  {'\xff', "not a number"},
                                  {'\x80', "negative zero"}}) {
    snapshot.sections[1].body[0] = code;
    EXPECT_THAT(Restore(snapshot.Build(), setup),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(why)));
  }
}

}  // namespace
}  // namespace kvwire
