// SubGen: its size, its estimate, and what it converges to.

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

constexpr int64_t kDims = 6;

std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens, int64_t zeros) {
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
  return cache;
}

TEST(SubgenTest, StateBitsAreThoseOfTheFormula) {
  for (const int64_t dims : {1, 3, 16}) {
    for (const int64_t rows : {1, 2, 40, 300}) {
      for (const auto& [t, s] :
           std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {4, 64}, {3, 50}}) {
        std::mt19937_64 random(rows);
        const Tokens tokens = GaussianTokens(rows, dims, random);
        const CacheSetup setup = SetupOf(absl::StrCat("subgen:s=", s, ",t=", t), dims);
        const auto cache = Filled(setup, tokens, 70);
        const SubgenState state(ContainerOf(SnapshotOf(*cache, setup)), 0);
        const auto clusters = static_cast<int64_t>(state.counts.size());
        EXPECT_EQ(state.tokens(), rows);
        EXPECT_EQ(cache->StateBits(),
                  32 * (clusters * (1 + t) * dims + 2 * s * dims) + 64 +
                      clusters * static_cast<int64_t>(std::ceil(std::log2(rows + 71))));
      }
    }
  }
}

TEST(SubgenTest, NothingButZeroTokensIsNoState) {
  const CacheSetup setup = SetupOf("subgen", kDims);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(ZeroScale(1000)), IsOk());
  EXPECT_EQ(cache->StateBits(), 0);
  EXPECT_EQ(Attended(*cache, Matrix::Ones(2, kDims)), Matrix::Zero(2, kDims));
}

TEST(SubgenTest, ValuesOfZeroAreNeverSampledAndTheirKeysWeigh) {
  const CacheSetup setup = SetupOf("subgen:delta=0,t=1", 1);
  auto cache = NewCache(setup);
  Tokens tokens{Matrix(3, 1), Matrix::Zero(3, 1)};
  tokens.keys << 1, 2, 0;
  ASSERT_THAT(cache->Append(tokens.Block(0, 2, true)), IsOk());
  EXPECT_EQ(cache->StateBits(), 2 * 2 * 32 + 2 * 2);  // no sum, no sample
  EXPECT_EQ(Attended(*cache, Matrix::Ones(1, 1))(0, 0), 0);
  // A key of zero with a value is no zero token.
  tokens.values(2, 0) = 5;
  ASSERT_THAT(cache->Append(tokens.Block(2, 1, true)), IsOk());
  const double truth = 5 / (std::exp(1.0) + std::exp(2.0) + 1);
  EXPECT_NEAR(Attended(*cache, Matrix::Ones(1, 1))(0, 0), truth, 1e-6);
}

TEST(SubgenTest, AnswersWhatItsSnapshotSaysByTheFormulaOfThePaper) {
  for (const std::string spec : {"subgen", "subgen:delta=1.5,s=33,t=7", "subgen:clusters=3"}) {
    std::mt19937_64 random(7);
    const Tokens tokens = GaussianTokens(200, kDims, random);
    const Matrix queries = GaussianMatrix(12, kDims, 1, random);
    const CacheSetup setup = SetupOf(spec, kDims);
    const auto cache = Filled(setup, tokens, 31);
    const SubgenState state(ContainerOf(SnapshotOf(*cache, setup)), 0);
    const Matrix answer = Attended(*cache, queries);
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const Eigen::RowVectorXd query = queries.row(q).cast<double>();
      const Eigen::RowVectorXd truth = state.Numerator(query) / (state.Tau(query) + 31);
      EXPECT_LT((answer.row(q).cast<double>() - truth).norm(), 3e-6 * truth.norm()) << spec;
    }
  }
}

// 1500 independent sketches: the mean of an unbiased estimate is within a few standard
// errors of the truth, and a single one is not.
TEST(SubgenTest, BothSumsAreUnbiased) {
  std::mt19937_64 random(8);
  const Tokens tokens = GaussianTokens(60, kDims, random);
  const Eigen::RowVectorXd query = GaussianMatrix(1, kDims, 0.7, random).row(0).cast<double>();
  const Eigen::VectorXd weights =
      (tokens.keys.cast<double>() * query.transpose()).array().exp();
  const double tau = weights.sum();
  const Eigen::RowVectorXd z = weights.transpose() * tokens.values.cast<double>();
  constexpr int kSeeds = 1500;
  double tau_sum = 0;
  double tau_squares = 0;
  Eigen::RowVectorXd z_sum = Eigen::RowVectorXd::Zero(kDims);
  double z_squares = 0;
  CacheSetup setup = SetupOf("subgen:delta=2,s=8,t=2", kDims);
  for (setup.seed = 0; setup.seed < kSeeds; ++setup.seed) {
    const SubgenState state(ContainerOf(SnapshotOf(*Filled(setup, tokens, 0), setup)), 0);
    EXPECT_LT(state.counts.size(), 40U);
    tau_sum += state.Tau(query) / tau - 1;
    tau_squares += std::pow(state.Tau(query) / tau - 1, 2);
    const Eigen::RowVectorXd difference = state.Numerator(query) - z;
    z_sum += difference / z.norm();
    z_squares += difference.squaredNorm() / z.squaredNorm();
  }
  // Of one sketch: its relative deviation, to be sure that there is something to average.
  EXPECT_GT(std::sqrt(tau_squares / kSeeds), 0.05);
  EXPECT_GT(std::sqrt(z_squares / kSeeds), 0.5);
  EXPECT_LT(std::abs(tau_sum) / std::sqrt(tau_squares), 3.3);
  EXPECT_LT(z_sum.norm() / std::sqrt(z_squares), 2);
}

// In SubGen's own norm the error of s samples falls as 1/sqrt(s).
TEST(SubgenTest, ManySamplesAndKeysMakeAttention) {
  std::mt19937_64 random(9);
  const Tokens tokens = GaussianTokens(80, kDims, random);
  const Matrix queries = GaussianMatrix(20, kDims, 0.7, random);
  const Eigen::MatrixXd truth = NaiveAttention(queries, tokens.keys, tokens.values, 10);
  std::vector<double> errors;
  for (const std::string spec :
       {"subgen:delta=1,s=1000,t=100", "subgen:delta=1,s=100000,t=10000"}) {
    errors.push_back(
        RelativeError(Attended(*Filled(SetupOf(spec, kDims), tokens, 10), queries), truth));
  }
  EXPECT_GT(errors[0], 0.05);
  EXPECT_LT(errors[0], 0.4);
  EXPECT_GT(errors[0] / errors[1], 6);
  EXPECT_LT(errors[0] / errors[1], 16);
}

TEST(SubgenTest, TheSeedDecidesTheSampleAndNothingElseDoes) {
  std::mt19937_64 random(10);
  const Tokens tokens = GaussianTokens(100, kDims, random);
  CacheSetup setup = SetupOf("subgen:delta=2", kDims);
  const std::string snapshot = SnapshotOf(*Filled(setup, tokens, 0), setup);
  EXPECT_EQ(SnapshotOf(*Filled(setup, tokens, 0), setup), snapshot);
  setup.seed = 1;
  EXPECT_NE(SnapshotOf(*Filled(setup, tokens, 0), setup), snapshot);
}

TEST(SubgenTest, AnEstimateBeyondBinary32IsItsLargestNumber) {
  const CacheSetup setup = SetupOf("subgen:delta=1000,s=1,t=1", 1);
  Tokens tokens{Matrix(2, 1), Matrix(2, 1)};
  tokens.keys << 0, 200;
  tokens.values << 1e-3F, 1e3F;
  int largest = 0;
  CacheSetup seeded = setup;
  for (seeded.seed = 0; seeded.seed < 20; ++seeded.seed) {
    const float answer = Attended(*Filled(seeded, tokens, 0), Matrix::Constant(1, 1, 3))(0, 0);
    EXPECT_TRUE(std::isfinite(answer));
    largest += answer == std::numeric_limits<float>::max() ? 1 : 0;
  }
  // The cluster's only key is either one with probability 1/2.
  EXPECT_GT(largest, 3);
  EXPECT_LT(largest, 17);
}

TEST(SubgenTest, OptionsOutOfRangeAreRefused) {
  for (const std::string option : {"t=0", "s=0", "t=1048577", "s=16777217", "clusters=-1",
                                   "delta=-1", "delta=1000001", "clusters=4294967297"}) {
    EXPECT_THAT(ParseBuiltInSpec("subgen:" + option),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(option.substr(0, option.find('=')))));
  }
}

TEST(SubgenTest, ClustersAreCountedBeforeTheyTakeMemory) {
  std::mt19937_64 random(11);
  const Tokens tokens = GaussianTokens(50, kDims, random);
  CacheSetup setup = SetupOf("subgen:delta=0,s=1,t=4", kDims);
  // 50 clusters of 5 keys and two counters each, and one token.
  setup.memory_limit_bytes = 50 * (5 * 4 * kDims + 16) + 2 * 4 * kDims;
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
  --setup.memory_limit_bytes;
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 20, true)), IsOk());
  const std::string before = SnapshotOf(*cache, setup);
  EXPECT_THAT(cache->Append(tokens.Block(20, 30, true)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
  EXPECT_THAT(cache->Append(tokens.Block(20, 29, true)), IsOk());
}

}  // namespace
}  // namespace kvwire
