#include "common/kv/coded_cache.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
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

// Keys in groups of four tokens, values one by one with two tokens whole.
constexpr char kSpec[] = "kivi:bits=1,group=2,residual=4";

TEST(CodedCacheTest, AnswersByAttentionOverWhatItMadeOfItsTokens) {
  for (const auto attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
    std::mt19937_64 random(1);
    CacheSetup setup = SetupOf(kSpec, 5);
    setup.attention = attention;
    const int64_t width = setup.row_width();
    const Tokens tokens{RandomMatrix(23, width, random), RandomMatrix(23, width, random)};
    const Matrix queries = RandomMatrix(6, 5, random);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(ZeroScale(3)), IsOk());
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const Tokens rounded = VisitedRows(*cache, width);
    ASSERT_EQ(rounded.keys.rows(), 23);
    EXPECT_EQ(cache->AsRows()->ZeroRows(), 3);
    const Eigen::MatrixXd expected = NaiveAnswer(setup, queries, rounded, 3);
    const double size = std::max(1.0, expected.cwiseAbs().maxCoeff());
    EXPECT_LT((Attended(*cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(),
              1e-4 * size);
  }
}

// In steps of 256 rows, and of the groups where those are larger.
TEST(CodedCacheTest, ShowsEveryRowOnceWhateverTheSizeOfGroups) {
  std::mt19937_64 random(2);
  const Tokens tokens{RandomMatrix(1000, 2, random), RandomMatrix(1000, 2, random)};
  for (const std::string spec :
       {"kivi:bits=8,group=1,residual=1", "kivi:bits=8,group=5,residual=300",
        "kivi:bits=8,group=100,residual=100", "kivi:bits=8,group=32,residual=2048"}) {
    auto cache = NewCache(SetupOf(spec, 2));
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const Tokens rounded = VisitedRows(*cache, 2);
    ASSERT_EQ(rounded.keys.rows(), 1000);
    // 4 / 255 / 2, and the rounding to binary16.
    EXPECT_LT((rounded.keys - tokens.keys).cwiseAbs().maxCoeff(), 0.01) << spec;
    EXPECT_LT((rounded.values - tokens.values).cwiseAbs().maxCoeff(), 0.01) << spec;
  }
}

TEST(CodedCacheTest, ZeroTokensAreCountedAndTakeNoPlaceInGroups) {
  std::mt19937_64 random(3);
  const CacheSetup setup = SetupOf(kSpec, 3);
  Tokens tokens{RandomMatrix(30, 3, random), RandomMatrix(30, 3, random)};
  Tokens sparse{Matrix::Zero(90, 3), Matrix::Zero(90, 3)};
  for (int64_t i = 0; i < 30; ++i) {
    sparse.keys.row(3 * i + 1) = tokens.keys.row(i);
    sparse.values.row(3 * i + 1) = tokens.values.row(i);
  }
  auto dense_cache = NewCache(setup);
  ASSERT_THAT(dense_cache->Append(tokens.Block()), IsOk());
  ASSERT_THAT(dense_cache->Append(ZeroScale(60)), IsOk());
  auto sparse_cache = NewCache(setup);
  ASSERT_THAT(sparse_cache->Append(sparse.Block()), IsOk());
  EXPECT_EQ(SnapshotOf(*dense_cache, setup), SnapshotOf(*sparse_cache, setup));
  EXPECT_EQ(sparse_cache->tokens(), 90);
}

TEST(CodedCacheTest, ATokenWithAKeyOrAValueOnlyIsKept) {
  const CacheSetup setup = SetupOf("q8_0", 2);
  auto cache = NewCache(setup);
  const float numbers[] = {1, 2};
  ASSERT_THAT(cache->Append({1, nullptr, numbers, nullptr, true}), IsOk());
  ASSERT_THAT(cache->Append({1, nullptr, nullptr, numbers, true}), IsOk());
  const Tokens rounded = VisitedRows(*cache, 2);
  ASSERT_EQ(rounded.keys.rows(), 2);
  EXPECT_EQ(rounded.keys.row(1), Matrix::Zero(1, 2));
  EXPECT_EQ(rounded.values.row(0), Matrix::Zero(1, 2));
}

TEST(CodedCacheTest, RefusesANumberOutOfRangeByTokenAndKeepsNothingOfTheBlock) {
  const CacheSetup setup = SetupOf(kSpec, 2);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(ZeroScale(5)), IsOk());
  const std::string before = SnapshotOf(*cache, setup);
  Matrix good = Matrix::Ones(9, 2);
  Matrix bad = good;
  bad(7, 1) = -65520;
  const auto refusal = StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr("token 12: -65520 is over the range of binary16"));
  EXPECT_THAT(cache->Append({9, nullptr, bad.data(), good.data(), true}), refusal);
  EXPECT_THAT(cache->Append({9, nullptr, good.data(), bad.data(), true}), refusal);
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
  const float limit[] = {65519, -65519};
  EXPECT_THAT(cache->Append({1, nullptr, limit, limit, true}), IsOk());
}

// The largest state on the way counts, which is that before waiting rows are coded, and
// whole bytes of it.
TEST(CodedCacheTest, TheMemoryLimitHoldsAtEveryTokenWhateverTheBlocks) {
  constexpr int64_t kRows = 30;
  std::mt19937_64 random(4);
  const Tokens tokens{RandomMatrix(kRows, 3, random), RandomMatrix(kRows, 3, random)};
  for (const std::string spec :
       {"kivi:bits=1,group=2,residual=4", "q4_0", "q8_0", "kivi:bits=1,group=8,residual=8",
        "skvq:bits=1,sinks=0,window=0"}) {
    CacheSetup setup = SetupOf(spec, 3);
    int64_t most_bits = 0;
    auto cache = NewCache(setup);
    for (int64_t i = 0; i < kRows; ++i) {
      ASSERT_THAT(cache->Append(tokens.Block(i, 1, true)), IsOk());
      most_bits = std::max(most_bits, cache->StateBits());
    }
    const int64_t most_bytes = (most_bits + 7) / 8;
    setup.memory_limit_bytes = most_bytes;
    for (const int64_t rows : {int64_t{1}, int64_t{7}, kRows}) {
      auto enough = NewCache(setup);
      int64_t first = 0;
      AppendScales(*enough, tokens, first, {kRows}, rows);
      EXPECT_EQ(enough->tokens(), kRows);
      EXPECT_THAT(Restore(SnapshotOf(*enough, setup), setup), IsOk());
    }
    setup.memory_limit_bytes = most_bytes - 1;
    const auto refusal = StatusIs(
        absl::StatusCode::kResourceExhausted,
        HasSubstr("needs " + std::to_string(most_bytes) + " bytes of memory, allowed are"));
    EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), refusal) << spec;
    setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 7, kRows, 3).value();
    EXPECT_THAT(CreateCache(setup), refusal) << spec;
  }
}

TEST(CodedCacheTest, RestoreRefusesKeysAndValuesThatDoNotAgreeAndMoreThanTheStream) {
  const CacheSetup setup = SetupOf("q8_0", 1);
  const auto container = [](uint64_t tokens, size_t keys, size_t values) {
    Container built;
    built.dims = 1;
    built.tokens = tokens;
    built.layers = Bytes(6, 1) + Bytes(0, 1) + Bytes(0, 1);
    for (const size_t rows : {keys, values}) {
      built.sections.push_back({4, 0, std::string(rows, '\1')});
      built.sections.push_back({5, 0, std::string(2 * rows, '\1')});
    }
    return built;
  };
  EXPECT_THAT(Restore(container(3, 2, 2).Build(), setup), IsOk());
  EXPECT_THAT(Restore(container(3, 2, 1).Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("2 keys and 1 values in a stream of 3 tokens")));
  EXPECT_THAT(Restore(container(1, 2, 2).Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("at most 1 groups")));
  Container missing = container(3, 2, 2);
  missing.sections.pop_back();
  EXPECT_THAT(Restore(missing.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("sections are missing: there are 3 of 4")));
  Container surplus = container(3, 2, 2);
  surplus.sections.push_back(surplus.sections.back());
  EXPECT_THAT(Restore(surplus.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("more than 4 sections")));
}

TEST(CodedCacheTest, AnAnswerOverTheRangeOfBinary32IsAnErrorAndNotANumber) {
  const CacheSetup setup = SetupOf("bfloat16", 1);
  auto cache = NewCache(setup);
  const float huge = 1e38F;
  const float one = 1;
  ASSERT_THAT(cache->Append({1, nullptr, &huge, &one, true}), IsOk());
  Matrix out(1, 1);
  EXPECT_THAT(cache->Attend(Matrix::Ones(1, 1), out), IsOk());
  EXPECT_THAT(cache->Attend(Matrix::Constant(1, 1, 1e38F), out),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("range of binary32")));
}

}  // namespace
}  // namespace kvwire
