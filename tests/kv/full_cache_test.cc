// The algorithms exact and float16.

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "common/base/parallel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/naive_bytes.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// The value of a finite binary16 number, from its definition in IEEE 754.
float HalfValue(int pattern) {
  const int exponent = pattern >> 10 & 31;
  const int fraction = pattern & 1023;
  const float magnitude =
      exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                    : std::ldexp(1024.0F + static_cast<float>(fraction), exponent - 25);
  return pattern >> 15 != 0 ? -magnitude : magnitude;
}

bool IsFiniteHalf(int pattern) { return (pattern >> 10 & 31) != 31; }

// The bits of `value` as a value of a float16 cache whose key is 1.
int StoredHalf(float value) {
  const CacheSetup setup = SetupOf("float16", 1);
  auto cache = NewCache(setup);
  const float key = 1;
  EXPECT_THAT(cache->Append({1, nullptr, &key, &value, true}), IsOk());
  const std::string body = BodyOf(SnapshotOf(*cache, setup));
  return static_cast<uint8_t>(body[2]) | static_cast<uint8_t>(body[3]) << 8;
}

TEST(ExactTest, AnswersAsNaiveAttention) {
  std::mt19937_64 random(1);
  const CacheSetup setup = SetupOf("exact", 5);
  auto cache = NewCache(setup);
  const Tokens tokens{RandomMatrix(40, 5, random), RandomMatrix(40, 5, random)};
  const Matrix queries = RandomMatrix(6, 5, random);
  ASSERT_THAT(cache->Append(ZeroScale(3)), IsOk());
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 7);
  EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(ExactTest, StoresTheNumbersOfEachTokenThatIsNotZero) {
  const CacheSetup setup = SetupOf("exact", 2);
  auto cache = NewCache(setup);
  const float keys[] = {1, 2, 0, 0, 0, 0, -0.0F, 0};
  const float values[] = {3, -0.0F, 0, 0, 0, 5, 0, -0.0F};
  ASSERT_THAT(cache->Append({4, nullptr, keys, values, true}), IsOk());
  const float expected[] = {1, 2, 3, -0.0F, 0, 0, 0, 5};
  EXPECT_EQ(BodyOf(SnapshotOf(*cache, setup)),
            std::string(reinterpret_cast<const char*>(expected), sizeof(expected)));
  EXPECT_EQ(cache->StateBits(), 2 * 2 * 2 * 32);
  EXPECT_EQ(cache->tokens(), 4);
}

TEST(ExactTest, TheOrderOfZeroTokensIsNotPartOfTheState) {
  std::mt19937_64 random(1);
  const CacheSetup setup = SetupOf("exact", 2);
  const Tokens tokens{RandomMatrix(2, 2, random), RandomMatrix(2, 2, random)};
  auto before = NewCache(setup);
  ASSERT_THAT(before->Append(ZeroScale(5)), IsOk());
  ASSERT_THAT(before->Append(tokens.Block()), IsOk());
  auto after = NewCache(setup);
  ASSERT_THAT(after->Append(tokens.Block()), IsOk());
  ASSERT_THAT(after->Append(ZeroScale(5)), IsOk());
  EXPECT_EQ(SnapshotOf(*before, setup), SnapshotOf(*after, setup));
}

TEST(ExactTest, AppendOverTheMemoryLimitKeepsNothingOfTheBlock) {
  std::mt19937_64 random(1);
  for (const auto& [spec, row_bytes] :
       {std::pair<std::string, int64_t>{"exact", 16}, {"float16", 8}, {"streaming", 24}}) {
    CacheSetup setup = SetupOf(spec, 2);
    setup.memory_limit_bytes = 3 * row_bytes;
    const Tokens tokens{RandomMatrix(4, 2, random), RandomMatrix(4, 2, random)};
    auto cache = NewCache(setup);
    EXPECT_THAT(
        cache->Append(tokens.Block()),
        StatusIs(absl::StatusCode::kResourceExhausted,
                 HasSubstr("needs " + std::to_string(4 * row_bytes) +
                           " bytes of memory, allowed are " + std::to_string(3 * row_bytes))));
    EXPECT_EQ(cache->tokens(), 0);
    EXPECT_EQ(cache->StateBits(), 0);
    EXPECT_THAT(cache->Append(tokens.Block(0, 3, true)), IsOk());
    const std::string full = SnapshotOf(*cache, setup);
    EXPECT_THAT(Restore(full, setup), IsOk());
    EXPECT_FALSE(cache->Append(tokens.Block(3, 1, true)).ok());
    EXPECT_EQ(SnapshotOf(*cache, setup), full);
  }
}

// They are written past the caches, from two threads. No two rows are alike.
TEST(ExactTest, LargeStatesAreRestoredToTheBit) {
  const CacheSetup setup = SetupOf("exact", 1024);
  auto cache = NewCache(setup);
  const int64_t numbers = 1000 * setup.dims;
  std::vector<float> rows(static_cast<size_t>(2 * numbers));
  for (int block = 0; block < 9; ++block) {
    std::iota(rows.begin(), rows.end(), static_cast<float>(1 + (block - 5) * 2 * numbers));
    ASSERT_THAT(cache->Append({1000, nullptr, rows.data(), rows.data() + numbers, true}),
                IsOk());
  }
  std::string snapshot = SnapshotOf(*cache, setup);
  ASSERT_GT(snapshot.size(), size_t{64} << 20);
  SetParallelThreads(2);
  const absl::StatusOr<std::unique_ptr<KvCache>> restored = Restore(snapshot, setup);
  ASSERT_THAT(restored, IsOk());
  EXPECT_TRUE(SnapshotOf(**restored, setup) == snapshot);
  // The last number of row 5000 becomes infinite.
  const float infinite = std::numeric_limits<float>::infinity();
  const size_t row_bytes = 2 * 1024 * sizeof(float);
  const size_t body = snapshot.size() - kChecksumBytes - 9000 * row_bytes;
  std::memcpy(&snapshot[body + 5001 * row_bytes - sizeof(float)], &infinite, sizeof(float));
  EXPECT_THAT(Restore(snapshot, setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 5000 is not finite")));
  SetParallelThreads(0);
}

TEST(ExactTest, RestoreRefusesRowsThatNoStateHas) {
  const CacheSetup setup = SetupOf("exact", 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {0.0F, -0.0F, nan}) {
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->BeginSection(5, {SectionContent::kRows32, 64}), IsOk());
    const float row[] = {0, bad};
    EXPECT_THAT(
        cache->RestoreBytes({reinterpret_cast<const char*>(row), sizeof(row)}),
        StatusIs(absl::StatusCode::kDataLoss,
                 HasSubstr(bad == 0 ? "row 0 is a zero token" : "row 0 is not finite")));
  }
  EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kRows32, 72}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("whole rows of 8")));
  EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kRows32, 63}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("whole rows of 8")));
  EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kRows32, 8 * 48}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("6 rows in a stream of 5")));
}

TEST(Float16Test, EveryFiniteHalfIsItselfAndTheOthersAreRefused) {
  const CacheSetup setup = SetupOf("float16", 1);
  auto cache = NewCache(setup);
  std::string expected;
  for (int pattern = 0; pattern < 65536; ++pattern) {
    const float key = 1;
    float value = HalfValue(pattern);
    if (!IsFiniteHalf(pattern)) {
      auto restored = NewCache(setup);
      ASSERT_THAT(restored->BeginSection(1, {SectionContent::kRows16, 32}), IsOk());
      EXPECT_THAT(restored->RestoreBytes(Bytes(0x3c00, 2) + Bytes(pattern, 2)),
                  StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not finite")));
      continue;
    }
    ASSERT_THAT(cache->Append({1, nullptr, &key, &value, true}), IsOk());
    expected += Bytes(0x3c00, 2) + Bytes(pattern, 2);
  }
  EXPECT_EQ(BodyOf(SnapshotOf(*cache, setup)), expected);
  EXPECT_EQ(cache->StateBits(), 8 * static_cast<int64_t>(expected.size()));
  EXPECT_EQ(BodyOf(SnapshotOf(**Restore(SnapshotOf(*cache, setup), setup), setup)), expected);
}

TEST(Float16Test, RoundsEveryMidpointToEvenAndItsNeighboursToTheNearest) {
  for (int pattern = 0; pattern + 1 < 31 << 10; ++pattern) {
    const float low = HalfValue(pattern);
    const float high = HalfValue(pattern + 1);
    const float middle = low + (high - low) / 2;
    const int even = pattern % 2 == 0 ? pattern : pattern + 1;
    ASSERT_EQ(StoredHalf(middle), even);
    ASSERT_EQ(StoredHalf(-middle), even | 0x8000);
    ASSERT_EQ(StoredHalf(std::nextafter(middle, low)), pattern);
    ASSERT_EQ(StoredHalf(std::nextafter(middle, high)), pattern + 1);
  }
}

TEST(Float16Test, RefusesWhatRoundsToInfinity) {
  const CacheSetup setup = SetupOf("float16", 1);
  auto cache = NewCache(setup);
  EXPECT_EQ(StoredHalf(std::nextafter(65520.0F, 0.0F)), 0x7bff);
  const float ok[] = {1, 1};
  for (const float bad : {65520.0F, -65520.0F, 1e30F}) {
    const float rows[] = {1, bad};
    const auto refusal = StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("token 1 overflows 16 bits a number"));
    EXPECT_THAT(cache->Append({2, nullptr, ok, rows, true}), refusal);
    EXPECT_THAT(cache->Append({2, nullptr, rows, ok, true}), refusal);
  }
  EXPECT_EQ(cache->tokens(), 0);
  EXPECT_EQ(cache->StateBits(), 0);
}

TEST(Float16Test, ATokenThatRoundsToZeroIsAZeroToken) {
  const CacheSetup setup = SetupOf("float16", 1);
  auto cache = NewCache(setup);
  const float tiny = 1e-9F;
  ASSERT_THAT(cache->Append({1, nullptr, &tiny, &tiny, true}), IsOk());
  EXPECT_EQ(cache->StateBits(), 0);
  EXPECT_EQ(cache->tokens(), 1);
  EXPECT_THAT(Restore(SnapshotOf(*cache, setup), setup), IsOk());
}

TEST(Float16Test, AnswersAsAttentionOverTheRoundedTokens) {
  std::mt19937_64 random(2);
  auto rounded = NewCache(SetupOf("float16", 4));
  auto exact = NewCache(SetupOf("exact", 4));
  // Multiples of 1/500 are not halves; those of 1/512 up to 2 are.
  Tokens tokens{RandomMatrix(30, 4, random), RandomMatrix(30, 4, random)};
  Tokens halves = tokens;
  for (Matrix* m : {&halves.keys, &halves.values}) {
    for (float& x : m->reshaped()) x = HalfValue(StoredHalf(x));
  }
  ASSERT_THAT(rounded->Append(tokens.Block()), IsOk());
  ASSERT_THAT(exact->Append(halves.Block()), IsOk());
  const Matrix queries = RandomMatrix(5, 4, random);
  EXPECT_EQ(Attended(*rounded, queries), Attended(*exact, queries));
}

}  // namespace
}  // namespace kvwire
