// Caches of tensor attention: what they answer, against all pairs of tokens formed one
// by one in double, and what they store.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

CacheSetup TensorSetup(const std::string& spec, int64_t dims) {
  CacheSetup setup = SetupOf(spec, dims);
  setup.attention = AttentionKind::kTensor;
  return setup;
}

double LargestDifference(const Matrix& answer, const Eigen::MatrixXd& expected) {
  return (answer.cast<double>() - expected).cwiseAbs().maxCoeff();
}

TEST(TensorCacheTest, AnswersAsAllPairsOfItsTokens) {
  std::mt19937_64 random(1);
  for (const std::string spec : {"exact", "streaming:window=1000"}) {
    for (const int64_t dims : {1, 4}) {
      for (const int64_t rows : {1, 2, 30}) {
        const CacheSetup setup = TensorSetup(spec, dims);
        auto cache = NewCache(setup);
        const Tokens tokens{RandomMatrix(rows, 2 * dims, random),
                            RandomMatrix(rows, 2 * dims, random)};
        const Matrix queries = RandomMatrix(6, dims, random);
        ASSERT_THAT(cache->Append(ZeroScale(3)), IsOk());
        ASSERT_THAT(cache->Append(tokens.Block(0, rows / 2, false)), IsOk());
        ASSERT_THAT(cache->Append(tokens.Block(rows / 2, rows - rows / 2, true)), IsOk());
        ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
        const Eigen::MatrixXd expected = NaiveAnswer(setup, queries, tokens, 7);
        EXPECT_LT(LargestDifference(Attended(*cache, queries), expected), 1e-4)
            << spec << " of " << rows << " rows, d = " << dims;
      }
    }
  }
}

TEST(TensorCacheTest, ARoundedCacheAnswersAsThePairsOfWhatItRoundedTo) {
  std::mt19937_64 random(2);
  const CacheSetup setup = TensorSetup("float16", 4);
  auto cache = NewCache(setup);
  Tokens tokens{RandomMatrix(20, 8, random), RandomMatrix(20, 8, random)};
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  for (Matrix* m : {&tokens.keys, &tokens.values}) {
    for (float& x : m->reshaped()) x = static_cast<float>(Eigen::half(x));
  }
  const Matrix queries = RandomMatrix(6, 4, random);
  EXPECT_LT(
      LargestDifference(Attended(*cache, queries), NaiveAnswer(setup, queries, tokens, 0)),
      1e-4);
}

TEST(TensorCacheTest, BitplaneAnswersAsThePairsOfItsTokensWhateverTheEncoding) {
  std::mt19937_64 random(3);
  for (const CacheSetup& setup : KindsOf(SetupWithFrame("bitplane", 5, 40))) {
    auto cache = NewCache(setup);
    const Tokens tokens = FrameTokens(setup, 4);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(9)), IsOk());
    const Matrix queries = RandomMatrix(6, 5, random);
    EXPECT_LT(
        LargestDifference(Attended(*cache, queries), NaiveAnswer(setup, queries, tokens, 9)),
        1e-5);
    EXPECT_EQ(cache->StateBits(), 200);
  }
}

// Pairs are over tokens, so one appended later changes all answers: the cache must not
// have merged the earlier ones.
TEST(TensorCacheTest, TokensOfLaterScalesArePairedWithEarlierOnes) {
  const CacheSetup setup = TensorSetup("exact", 2);
  auto cache = NewCache(setup);
  // Only the pair (0, 1) scores, 50 against 0, and its values are (10, 21).
  const float keys[] = {5, 0, 0, 0, 0, 0, 10, 0};
  const float values[] = {2, 3, 100, 100, 100, 100, 5, 7};
  ASSERT_THAT(cache->Append({1, nullptr, keys, values, true}), IsOk());
  ASSERT_THAT(cache->Append({1, nullptr, keys + 4, values + 4, true}), IsOk());
  const Matrix out = Attended(*cache, Matrix::Ones(1, 2));
  EXPECT_NEAR(out(0, 0), 10, 1e-4);
  EXPECT_NEAR(out(0, 1), 21, 1e-4);
}

TEST(TensorCacheTest, StoresBothFactorsOfEachTokenThatIsNotZero) {
  const CacheSetup setup = TensorSetup("exact", 1);
  auto cache = NewCache(setup);
  // The second token is zero, the third in all but v2.
  const float keys[] = {1, 2, 0, -0.0F, 0, 0};
  const float values[] = {3, 4, 0, 0, 0, 5};
  ASSERT_THAT(cache->Append({3, nullptr, keys, values, true}), IsOk());
  const float expected[] = {1, 2, 3, 4, 0, 0, 0, 5};
  const std::string snapshot = SnapshotOf(*cache, setup);
  EXPECT_EQ(BodyOf(snapshot),
            std::string(reinterpret_cast<const char*>(expected), sizeof(expected)));
  EXPECT_EQ(cache->StateBits(), 2 * 4 * 32);
  EXPECT_EQ(cache->tokens(), 3);
}

TEST(TensorCacheTest, ASecondFactorMayNotOverflowEither) {
  const CacheSetup setup = TensorSetup("float16", 1);
  const float ok[] = {1, 1};
  const float bad[] = {1, 65520};
  const auto refusal = StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr("token 0 overflows 16 bits a number"));
  EXPECT_THAT(NewCache(setup)->Append({1, nullptr, ok, bad, true}), refusal);
  EXPECT_THAT(NewCache(setup)->Append({1, nullptr, bad, ok, true}), refusal);
}

TEST(TensorCacheTest, ARowTakesTwiceTheMemory) {
  std::mt19937_64 random(1);
  for (const auto& [spec, row_bytes] :
       {std::pair<std::string, int64_t>{"exact", 32}, {"float16", 16}, {"streaming", 40}}) {
    CacheSetup setup = TensorSetup(spec, 2);
    setup.memory_limit_bytes = 3 * row_bytes;
    const Tokens tokens{RandomMatrix(4, 4, random), RandomMatrix(4, 4, random)};
    auto cache = NewCache(setup);
    EXPECT_THAT(cache->Append(tokens.Block()),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         HasSubstr("needs " + std::to_string(4 * row_bytes) + " bytes")));
    EXPECT_THAT(cache->Append(tokens.Block(0, 3, true)), IsOk());
    EXPECT_THAT(Restore(SnapshotOf(*cache, setup), setup), IsOk());
    // The tokens of the frame are checked when the cache is made.
    setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 7, 4, 2).value();
    if (spec == "streaming") continue;
    EXPECT_THAT(CreateCache(setup),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         HasSubstr("needs " + std::to_string(4 * row_bytes) + " bytes")));
  }
}

TEST(TensorCacheTest, RestoreTakesWholeRowsOfBothFactorsOnly) {
  const CacheSetup setup = TensorSetup("exact", 1);
  for (const int64_t bytes : {8, 24}) {
    EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kRows32, 8 * bytes}),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("whole rows of 16")));
  }
  EXPECT_THAT(NewCache(setup)->BeginSection(5, {SectionContent::kRows32, 8 * 32}), IsOk());
}

}  // namespace
}  // namespace kvwire
