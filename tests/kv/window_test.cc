// The wrapper window around what it goes around.

#include <algorithm>
#include <string>
#include <vector>

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

constexpr const char* kInner[] = {"exact",
                                  "bfloat16",
                                  "q8_0",
                                  "q4_0",
                                  "kivi:bits=3,group=2,residual=6",
                                  "skvq:sinks=1,window=2,group=2"};

std::string Wrapped(const std::string& inner, int64_t sinks, int64_t recent) {
  return inner + "+window:sinks=" + std::to_string(sinks) +
         ",recent=" + std::to_string(recent);
}

Tokens RandomTokens(int64_t rows, int64_t width, std::mt19937_64& random) {
  return {RandomMatrix(rows, width, random), RandomMatrix(rows, width, random)};
}

Tokens Middle(const Tokens& tokens, int64_t first, int64_t count) {
  return {tokens.keys.middleRows(first, count), tokens.values.middleRows(first, count)};
}

void ExpectSameSections(const std::vector<Section>& a, const std::vector<Section>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].content, b[i].content);
    EXPECT_EQ(a[i].body, b[i].body) << i;
  }
}

std::string RowBytes(const Tokens& tokens, int64_t first, int64_t count) {
  std::string bytes;
  for (int64_t i = first; i < first + count; ++i) {
    for (const Matrix* rows : {&tokens.keys, &tokens.values}) {
      for (const float x : rows->row(i)) bytes.append(reinterpret_cast<const char*>(&x), 4);
    }
  }
  return bytes;
}

// After every token: the first section is the sinks and the last tokens as they came, the
// others are those of the inner algorithm after the tokens between, and nothing else.
TEST(WindowTest, TheInnerCacheHasExactlyWhatIsNeitherFirstNorRecent) {
  constexpr int64_t kRows = 30;
  for (const std::string inner : kInner) {
    for (const auto& [sinks, recent] : {std::pair{4, 8}, {0, 5}, {3, 0}, {1, 1}, {20, 20}}) {
      std::mt19937_64 random(1);
      const CacheSetup setup = SetupOf(Wrapped(inner, sinks, recent), 3);
      const CacheSetup inner_setup = SetupOf(inner, 3);
      const Tokens tokens = RandomTokens(kRows, 3, random);
      auto cache = NewCache(setup);
      auto inner_cache = NewCache(inner_setup);
      int64_t handed = 0;
      for (int64_t n = 1; n <= kRows; ++n) {
        ASSERT_THAT(cache->Append(tokens.Block(n - 1, 1, true)), IsOk());
        const int64_t first = std::min<int64_t>(n, sinks);
        const int64_t last = std::min<int64_t>(n - first, recent);
        for (; handed < n - first - last; ++handed) {
          ASSERT_THAT(inner_cache->Append(tokens.Block(first + handed, 1, true)), IsOk());
        }
        const Container seen = ContainerOf(SnapshotOf(*cache, setup));
        EXPECT_EQ(seen.sections.front().body,
                  RowBytes(tokens, 0, first) + RowBytes(tokens, n - last, last));
        ExpectSameSections({seen.sections.begin() + 1, seen.sections.end()},
                           ContainerOf(SnapshotOf(*inner_cache, inner_setup)).sections);
        EXPECT_EQ(cache->StateBits(), 64 * 3 * (first + last) + inner_cache->StateBits());
      }
    }
  }
}

TEST(WindowTest, AnswersAsAttentionOverAllPartsOrdinaryAndTensor) {
  for (const std::string inner : kInner) {
    for (const auto attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
      std::mt19937_64 random(2);
      CacheSetup setup = SetupOf(Wrapped(inner, 2, 5), 4);
      setup.attention = attention;
      const int64_t width = setup.row_width();
      CacheSetup inner_setup = SetupOf(inner, 4);
      inner_setup.attention = attention;
      Tokens tokens = RandomTokens(40, width, random);
      auto cache = NewCache(setup);
      ASSERT_THAT(cache->Append(ZeroScale(3)), IsOk());
      int64_t appended = 0;
      AppendScales(*cache, tokens, appended, {1, 4, 30, 5}, 7);
      ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
      auto inner_cache = NewCache(inner_setup);
      const Tokens between = Middle(tokens, 2, 33);
      ASSERT_THAT(inner_cache->Append(between.Block()), IsOk());
      const Tokens rounded = VisitedRows(*inner_cache, width);
      tokens.keys.middleRows(2, 33) = rounded.keys;
      tokens.values.middleRows(2, 33) = rounded.values;
      const Matrix queries = RandomMatrix(6, 4, random) / 2;
      const Eigen::MatrixXd expected = NaiveAnswer(setup, queries, tokens, 7);
      EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(),
                1e-4)
          << inner;
    }
  }
}

TEST(WindowTest, BlocksOfAnySizeGiveTheSameBytesAndRestoredOnesGoOn) {
  for (const std::string inner : kInner) {
    std::mt19937_64 random(3);
    const CacheSetup setup = SetupOf(Wrapped(inner, 3, 4), 3);
    const Tokens tokens = RandomTokens(36, 3, random);
    const std::vector<int64_t> scales = {2, 1, 5, 1, 20, 7};
    auto straight = NewCache(setup);
    int64_t all = 0;
    AppendScales(*straight, tokens, all, scales, 100);
    const std::string expected = SnapshotOf(*straight, setup);
    for (const int64_t rows : {1, 2, 3, 7, 19}) {
      auto cut = NewCache(setup);
      int64_t first = 0;
      for (const int64_t scale : scales) {
        AppendScales(*cut, tokens, first, {scale}, rows);
        cut = Restore(SnapshotOf(*cut, setup), setup, 11).value();
      }
      EXPECT_EQ(SnapshotOf(*cut, setup), expected) << inner << " in blocks of " << rows;
    }
  }
}

TEST(WindowTest, AroundExactCacheNothingIsLost) {
  std::mt19937_64 random(4);
  const Tokens tokens = RandomTokens(50, 4, random);
  const Matrix queries = RandomMatrix(6, 4, random);
  auto cache = NewCache(SetupOf("exact+window", 4));
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(WindowTest, AWindowOverTheWholeStreamIsExactWhateverIsInside) {
  std::mt19937_64 random(5);
  const Tokens tokens = RandomTokens(132, 4, random);
  const Matrix queries = RandomMatrix(6, 4, random);
  auto cache = NewCache(SetupOf("kivi:bits=1+window:sinks=4,recent=128", 4));
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(WindowTest, ZeroTokensAreCountedAndTakeNoPlaceInTheWindow) {
  std::mt19937_64 random(6);
  for (const std::string inner : kInner) {
    const CacheSetup setup = SetupOf(Wrapped(inner, 2, 3), 3);
    const Tokens tokens = RandomTokens(20, 3, random);
    Tokens sparse{Matrix::Zero(60, 3), Matrix::Zero(60, 3)};
    for (int64_t i = 0; i < 20; ++i) {
      sparse.keys.row(3 * i + 1) = tokens.keys.row(i);
      sparse.values.row(3 * i + 1) = tokens.values.row(i);
    }
    auto dense = NewCache(setup);
    ASSERT_THAT(dense->Append(tokens.Block()), IsOk());
    ASSERT_THAT(dense->Append(ZeroScale(40)), IsOk());
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(sparse.Block()), IsOk());
    EXPECT_EQ(cache->tokens(), 60);
    EXPECT_EQ(cache->AsRows()->ZeroRows(), 40);
    EXPECT_EQ(SnapshotOf(*cache, setup), SnapshotOf(*dense, setup));
    ASSERT_THAT(cache->Append(ZeroScale(int64_t{1} << 40)), IsOk());
    EXPECT_EQ(cache->StateBits(), dense->StateBits());
  }
}

// What rounds to zero inside is a zero token from then on, and was none before.
TEST(WindowTest, ATokenThatRoundsToZeroInsideStillWeighsAsMuch) {
  const CacheSetup setup = SetupOf("float16+window:sinks=0,recent=1", 1);
  auto cache = NewCache(setup);
  const float keys[] = {0, 0};
  const float values[] = {1e-30F, 2};
  ASSERT_THAT(cache->Append({2, nullptr, keys, values, true}), IsOk());
  EXPECT_EQ(cache->AsRows()->ZeroRows(), 1);
  EXPECT_EQ(cache->tokens(), 2);
  EXPECT_EQ(Attended(*cache, Matrix::Ones(1, 1))(0, 0), 1);
  const auto restored = Restore(SnapshotOf(*cache, setup), setup).value();
  EXPECT_EQ(Attended(*restored, Matrix::Ones(1, 1))(0, 0), 1);
}

TEST(WindowTest, TokensOfTheWindowMayBeKeptAtBinary16) {
  std::mt19937_64 random(7);
  const CacheSetup setup = SetupOf("q8_0+window:sinks=1,recent=2,format=float16", 2);
  Tokens tokens = RandomTokens(9, 2, random);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_EQ(cache->StateBits(), 3 * 32 * 2 + 6 * 2 * (8 * 2 + 16));
  const Tokens seen = VisitedRows(*cache, 2);
  EXPECT_EQ(seen.keys.row(0), tokens.keys.row(0).cast<Eigen::half>().cast<float>());
  EXPECT_EQ(seen.keys.row(8), tokens.keys.row(8).cast<Eigen::half>().cast<float>());
  const float over = 65520;
  EXPECT_THAT(NewCache(SetupOf("bfloat16+window:format=float16", 1))
                  ->Append({1, nullptr, &over, &over, true}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 0: a number overflows 16 bits")));
}

TEST(WindowTest, WindowsNestAndTheInnerOneGetsWhatLeavesTheOuterOne) {
  std::mt19937_64 random(8);
  const Tokens tokens = RandomTokens(30, 3, random);
  const CacheSetup setup = SetupOf(Wrapped(Wrapped("q8_0", 1, 2), 3, 4), 3);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Container container = ContainerOf(SnapshotOf(*cache, setup));
  EXPECT_EQ(container.sections[0].body, RowBytes(tokens, 0, 3) + RowBytes(tokens, 26, 4));
  EXPECT_EQ(container.sections[1].body, RowBytes(tokens, 3, 1) + RowBytes(tokens, 24, 2));
  const auto restored = Restore(SnapshotOf(*cache, setup), setup).value();
  EXPECT_EQ(SnapshotOf(*restored, setup), SnapshotOf(*cache, setup));
}

}  // namespace
}  // namespace kvwire
