// Whole tokens sampled from clusters, for both sums of attention.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/random_tokens.h"
#include "tests/kv/subgen_oracle.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDims = 5;

std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens, int64_t zeros) {
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
  return cache;
}

TEST(SubgenRatioTest, StateBitsAreThoseOfTheFormula) {
  for (const int64_t dims : {1, 4, 9}) {
    for (const int64_t rows : {1, 50, 200}) {
      for (const int64_t t : {1, 4, 30}) {
        std::mt19937_64 random(rows);
        const CacheSetup setup = SetupOf(absl::StrCat("subgen-ratio:t=", t), dims);
        const auto cache = Filled(setup, GaussianTokens(rows, dims, random), 9);
        const Container snapshot = ContainerOf(SnapshotOf(*cache, setup));
        const std::vector<int64_t> counts =
            CountersOf(snapshot.sections[0], WidthOfCounters(snapshot.tokens));
        const auto clusters = static_cast<int64_t>(counts.size());
        int64_t samples = 0;
        for (const int64_t count : counts) samples += std::min(t, count);
        EXPECT_EQ(cache->StateBits(),
                  32 * (clusters * dims + 2 * samples * dims) +
                      clusters * static_cast<int64_t>(std::ceil(std::log2(rows + 10))));
      }
    }
  }
}

TEST(SubgenRatioTest, ClustersThatAreKeptWholeMakeExactAttention) {
  std::mt19937_64 random(3);
  const Tokens tokens = GaussianTokens(150, kDims, random);
  const Matrix queries = GaussianMatrix(20, kDims, 1, random);
  const Eigen::MatrixXd truth = NaiveAttention(queries, tokens.keys, tokens.values, 12);
  for (const std::string spec :
       {"subgen-ratio:t=150", "subgen-ratio:delta=0,t=1", "subgen-ratio:clusters=2,t=150",
        "subgen-ratio:delta=9,t=150"}) {
    const Matrix answer = Attended(*Filled(SetupOf(spec, kDims), tokens, 12), queries);
    EXPECT_LT(RelativeError(answer, truth), 2e-6) << spec;
  }
}

TEST(SubgenRatioTest, AnswersWhatItsSnapshotSays) {
  std::mt19937_64 random(4);
  const Tokens tokens = GaussianTokens(300, kDims, random);
  const Matrix queries = GaussianMatrix(9, kDims, 1, random);
  const CacheSetup setup = SetupOf("subgen-ratio:delta=1.2,t=3", kDims);
  const auto cache = Filled(setup, tokens, 40);
  const Container snapshot = ContainerOf(SnapshotOf(*cache, setup));
  const std::vector<int64_t> counts =
      CountersOf(snapshot.sections[0], WidthOfCounters(snapshot.tokens));
  const Matrix samples = RowsOf(snapshot.sections[2], 2 * kDims);
  const Matrix answer = Attended(*cache, queries);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    double mass = 40;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(kDims);
    int64_t row = 0;
    for (const int64_t count : counts) {
      const int64_t kept = std::min<int64_t>(3, count);
      for (int64_t i = 0; i < kept; ++i, ++row) {
        const Eigen::RowVectorXd sample = samples.row(row).cast<double>();
        const double weight = static_cast<double>(count) / static_cast<double>(kept) *
                              std::exp(queries.row(q).cast<double>().dot(sample.head(kDims)));
        mass += weight;
        sum += weight * sample.tail(kDims);
      }
    }
    EXPECT_LT((answer.row(q).cast<double>() - sum / mass).norm(), 1e-6 * (sum / mass).norm());
  }
}

TEST(SubgenRatioTest, AnswersStayWithinTheValuesThatOccurred) {
  std::mt19937_64 random(5);
  Tokens tokens = GaussianTokens(400, kDims, random);
  tokens.values = tokens.values.cwiseAbs() + Matrix::Ones(400, kDims);
  const Matrix queries = GaussianMatrix(50, kDims, 20, random);
  const Matrix ratio =
      Attended(*Filled(SetupOf("subgen-ratio:delta=2,t=2", kDims), tokens, 0), queries);
  EXPECT_GE(ratio.minCoeff(), tokens.values.minCoeff() * 0.999);
  EXPECT_LE(ratio.maxCoeff(), tokens.values.maxCoeff() * 1.001);
  // Two samples drawn apart promise no such thing.
  const Matrix paper =
      Attended(*Filled(SetupOf("subgen:delta=2,t=2", kDims), tokens, 0), queries);
  EXPECT_GT(paper.maxCoeff(), 10 * tokens.values.maxCoeff());
}

TEST(SubgenRatioTest, SamplesAreCountedBeforeTheyTakeMemory) {
  std::mt19937_64 random(6);
  const Tokens tokens = GaussianTokens(60, kDims, random);
  CacheSetup setup = SetupOf("subgen-ratio:delta=100,t=40", kDims);
  // One centre with its bookkeeping; 40 tokens with their places.
  setup.memory_limit_bytes = 4 * kDims + 40 + 40 * (8 * kDims + 8);
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
  --setup.memory_limit_bytes;
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 39, true)), IsOk());
  const std::string before = SnapshotOf(*cache, setup);
  EXPECT_THAT(cache->Append(tokens.Block(39, 1, true)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
}

TEST(SubgenRatioTest, OptionsOutOfRangeAreRefused) {
  for (const std::string option : {"t=0", "t=1048577", "clusters=-1", "delta=-0.5"}) {
    EXPECT_THAT(ParseBuiltInSpec("subgen-ratio:" + option),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(option.substr(0, option.find('=')))));
  }
}

}  // namespace
}  // namespace kvwire
