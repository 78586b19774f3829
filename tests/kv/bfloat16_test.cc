#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/visited_rows.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// The upper half of a binary32 number, rounded to nearest, halves to even.
uint32_t Rounded(float number) {
  const auto bits = std::bit_cast<uint32_t>(number);
  const uint32_t upper = bits >> 16;
  const uint32_t lower = bits & 0xffff;
  return upper + (lower > 0x8000 || (lower == 0x8000 && upper % 2 == 1) ? 1 : 0);
}

TEST(Bfloat16Test, KeepsTheUpperHalfOfEachNumberRoundedToEven) {
  std::mt19937 random(1);
  const CacheSetup setup = SetupOf("bfloat16", 1);
  auto cache = NewCache(setup);
  std::string expected;
  for (int trial = 0; trial < 20000; ++trial) {
    // All kinds of endings come often.
    const auto bits = static_cast<uint32_t>(random());
    const auto value =
        std::bit_cast<float>(trial % 3 == 0 ? (bits & 0xffff0000) | 0x8000 : bits);
    if (!std::isfinite(value) || Rounded(std::abs(value)) == 0x7f80) continue;
    const float key = 1;
    ASSERT_THAT(cache->Append({1, nullptr, &key, &value, true}), IsOk());
    expected += Bytes(0x3f80, 2) + Bytes(Rounded(value), 2);
  }
  EXPECT_TRUE(BodyOf(SnapshotOf(*cache, setup)) == expected);
  EXPECT_EQ(cache->StateBits(), 8 * static_cast<int64_t>(expected.size()));
}

TEST(Bfloat16Test, AnswersAsAttentionOverTheRoundedTokens) {
  std::mt19937_64 random(2);
  const CacheSetup setup = SetupOf("bfloat16", 5);
  auto cache = NewCache(setup);
  Tokens tokens{RandomMatrix(40, 5, random), RandomMatrix(40, 5, random)};
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
  EXPECT_EQ(cache->StateBits(), 40 * 32 * 5);
  for (Matrix* m : {&tokens.keys, &tokens.values}) {
    for (float& x : m->reshaped()) x = std::bit_cast<float>(Rounded(x) << 16);
  }
  const Matrix queries = RandomMatrix(6, 5, random);
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 4);
  EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(Bfloat16Test, RefusesWhatRoundsToInfinityAndTakesWhatBinary16CouldNot) {
  const CacheSetup setup = SetupOf("bfloat16", 1);
  auto cache = NewCache(setup);
  const float large = 1e38F;
  const float largest = std::numeric_limits<float>::max();
  EXPECT_THAT(cache->Append({1, nullptr, &large, &large, true}), IsOk());
  EXPECT_THAT(cache->Append({1, nullptr, &large, &largest, true}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 1 overflows 16 bits a number")));
  EXPECT_EQ(cache->tokens(), 1);
}

TEST(Bfloat16Test, TokensThatRoundToZeroAreCountedOnly) {
  const CacheSetup setup = SetupOf("bfloat16", 1);
  auto cache = NewCache(setup);
  const float tiny = std::numeric_limits<float>::denorm_min();
  ASSERT_THAT(cache->Append({1, nullptr, &tiny, &tiny, true}), IsOk());
  EXPECT_EQ(cache->StateBits(), 0);
  EXPECT_EQ(cache->tokens(), 1);
}

}  // namespace
}  // namespace kvwire
