// Scatterbrain: an exact window, and sums of softmax features of what has left it.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/kv/algorithms/softmax_features.h"
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

std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens, int64_t zeros) {
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
  return cache;
}

TEST(SoftmaxFeaturesTest, AverageToTheKernelWithTheVarianceTheyPromise) {
  constexpr int64_t kFeatures = 200000;
  const double scale = 0.7;
  std::mt19937_64 random(1);
  const Matrix points = GaussianMatrix(2, 5, 0.4, random);
  const SoftmaxFeatures features(kFeatures, 5, scale, 3);
  const auto span = [&](int64_t row) {
    return absl::Span<const float>(points.row(row).data(), 5);
  };
  const std::vector<float> q = features.Of(span(0));
  const std::vector<float> k = features.Of(span(1));
  const double kernel =
      std::exp(scale * points.row(0).cast<double>().dot(points.row(1).cast<double>()));
  double sum = 0;
  double squares = 0;
  for (size_t i = 0; i < q.size(); ++i) {
    sum += double{q[i]} * k[i];
    squares += std::pow(double{q[i]} * k[i], 2);
  }
  const double mean = sum / kFeatures;
  const double variance = squares / kFeatures - mean * mean;
  const double norm = (points.row(0) + points.row(1)).cast<double>().squaredNorm();
  const double promised = kernel * kernel * (std::exp(scale * norm) - 1);
  EXPECT_NEAR(variance / promised, 1, 0.1);
  EXPECT_LT(std::abs(mean - kernel), 3.3 * std::sqrt(promised / kFeatures));
  EXPECT_GT(std::abs(mean - kernel), 1e-9);
}

TEST(ScatterbrainTest, StateBitsAreThoseOfTheFormula) {
  std::mt19937_64 random(2);
  for (const int64_t dims : {1, 2, 9}) {
    const auto default_features = std::max<int64_t>(
        1, static_cast<int64_t>(
               std::lround(static_cast<double>(dims) * std::log(static_cast<double>(dims)))));
    for (const int64_t features : {0, 7}) {
      for (const int64_t n : {1, 10, 11, 100}) {
        const CacheSetup setup =
            SetupOf(absl::StrCat("scatterbrain:features=", features, ",window=10"), dims);
        const auto cache = Filled(setup, GaussianTokens(n, dims, random), 60);
        const int64_t m = features == 0 ? default_features : features;
        EXPECT_EQ(cache->StateBits(), 64 * dims * std::min<int64_t>(n, 10) +
                                          (n > 10 ? 32 * m * (dims + 1) : 0) +
                                          static_cast<int64_t>(std::ceil(std::log2(n + 61))));
      }
    }
  }
}

TEST(ScatterbrainTest, AWindowOfAllTokensIsExactAttention) {
  std::mt19937_64 random(3);
  const Tokens tokens = GaussianTokens(90, 6, random);
  const Matrix queries = GaussianMatrix(9, 6, 2, random);
  const Eigen::MatrixXd truth = NaiveAttention(queries, tokens.keys, tokens.values, 8);
  const Matrix answer =
      Attended(*Filled(SetupOf("scatterbrain:window=90", 6), tokens, 8), queries);
  EXPECT_LT(RelativeError(answer, truth), 2e-6);
}

// z_i = sum phi_i(k), S_i = sum phi_i(k) v, of all that has left the window, each addition
// rounded to binary32.
TEST(ScatterbrainTest, SumsAreThoseOfTheTokensThatLeftTheWindow) {
  constexpr int64_t kFeatures = 11;
  constexpr int64_t kDims = 3;
  std::mt19937_64 random(4);
  const Tokens tokens = GaussianTokens(25, kDims, random);
  CacheSetup setup = SetupOf("scatterbrain:features=11,window=5", kDims);
  setup.seed = 8;
  const Container snapshot = ContainerOf(SnapshotOf(*Filled(setup, tokens, 0), setup));
  const Matrix sums = RowsOf(snapshot.sections[1], 1 + kDims);
  const SoftmaxFeatures features(kFeatures, kDims, 1, 8);
  Matrix expected = Matrix::Zero(kFeatures, 1 + kDims);
  for (int64_t token = 0; token < 20; ++token) {
    const std::vector<float> phi =
        features.Of(absl::Span<const float>(tokens.keys.row(token).data(), kDims));
    for (int64_t i = 0; i < kFeatures; ++i) {
      const double feature = phi[static_cast<size_t>(i)];
      expected(i, 0) = static_cast<float>(expected(i, 0) + feature);
      for (int64_t j = 0; j < kDims; ++j) {
        expected(i, 1 + j) =
            static_cast<float>(double{expected(i, 1 + j)} + feature * tokens.values(token, j));
      }
    }
  }
  EXPECT_EQ(sums, expected);
  const Matrix window = RowsOf(snapshot.sections[2], 2 * kDims);
  EXPECT_EQ(window.leftCols(kDims), tokens.keys.bottomRows(5));
  EXPECT_EQ(window.rightCols(kDims), tokens.values.bottomRows(5));
}

// The published form: sums over all tokens, less the features of the window, plus its exact
// terms. The same estimate.
TEST(ScatterbrainTest, AnswersAsTheFormThatSubtractsTheWindow) {
  constexpr int64_t kFeatures = 40;
  constexpr int64_t kDims = 4;
  std::mt19937_64 random(5);
  const Tokens tokens = GaussianTokens(50, kDims, random);
  const Matrix queries = GaussianMatrix(6, kDims, 0.5, random);
  CacheSetup setup = SetupOf("scatterbrain:features=40,scale=0.6,window=7", kDims);
  setup.seed = 9;
  const SoftmaxFeatures map(kFeatures, kDims, 0.6, 9);
  const auto phi = [&](const Matrix& rows, int64_t row) {
    const std::vector<float> of = map.Of(absl::Span<const float>(rows.row(row).data(), kDims));
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXf>(of.data(), kFeatures).cast<double>());
  };
  const Matrix answer = Attended(*Filled(setup, tokens, 3), queries);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    double mass = 3;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(kDims);
    const auto add = [&](int64_t token, double weight) {
      mass += weight;
      sum += weight * tokens.values.row(token).cast<double>();
    };
    for (int64_t token = 0; token < 50; ++token) {
      const double estimate = phi(queries, q).dot(phi(tokens.keys, token)) / kFeatures;
      add(token, estimate);
      if (token < 43) continue;
      add(token, std::exp(0.6 * queries.row(q).dot(tokens.keys.row(token))) - estimate);
    }
    EXPECT_LT((answer.row(q).cast<double>() - sum / mass).norm(), 2e-5 * (sum / mass).norm());
  }
}

// Relative error with few and many features, and with queries that are too long for any.
TEST(ScatterbrainTest, ErrsLittleForShortQueriesAndAltogetherForLongOnes) {
  const auto error = [](const std::string& spec, double sharpness) {
    double sum = 0;
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      const ClusteredTokens drawn(300, 8, 6, 0.4, 0.3, sharpness, 30, seed);
      CacheSetup setup = SetupOf(spec, 8);
      setup.seed = seed;
      const Eigen::MatrixXd truth =
          NaiveAttention(drawn.queries, drawn.tokens.keys, drawn.tokens.values, 0);
      sum +=
          RelativeError(Attended(*Filled(setup, drawn.tokens, 0), drawn.queries), truth) / 4;
    }
    return sum;
  };
  const double few = error("scatterbrain:features=25,window=0", 1);
  const double many = error("scatterbrain:features=2500,window=0", 1);
  const double far = error("scatterbrain:features=2500,window=0", 12);
  // 100 times the features, about a tenth of the error; then as if there were none.
  EXPECT_NEAR(few, 0.25, 0.05);
  EXPECT_NEAR(many, 0.05, 0.015);
  EXPECT_NEAR(far, 0.39, 0.08);
}

TEST(ScatterbrainTest, ASumBeyondBinary32IsRefusedAndNothingKept) {
  const CacheSetup setup = SetupOf("scatterbrain:features=3,window=0", 2);
  auto cache = NewCache(setup);
  Tokens tokens{Matrix::Zero(3, 2), Matrix::Constant(3, 2, 3e38F)};
  ASSERT_THAT(cache->Append(tokens.Block(0, 1, true)), IsOk());
  const std::string before = SnapshotOf(*cache, setup);
  EXPECT_THAT(cache->Append(tokens.Block(1, 1, true)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("range of binary32")));
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
  tokens.values *= -1;
  EXPECT_THAT(cache->Append(tokens.Block(1, 1, true)), IsOk());
}

TEST(ScatterbrainTest, KeysTooLongForAnyFeatureWeighNothing) {
  const CacheSetup setup = SetupOf("scatterbrain:features=3,window=0", 2);
  const Tokens tokens{Matrix::Constant(1, 2, 1e6F), Matrix::Ones(1, 2)};
  EXPECT_EQ(Attended(*Filled(setup, tokens, 0), Matrix::Ones(1, 2)), Matrix::Zero(1, 2));
}

TEST(ScatterbrainTest, SumsAndFeaturesAreCountedBeforeTheyTakeMemory) {
  std::mt19937_64 random(6);
  const Tokens tokens = GaussianTokens(4, 2, random);
  CacheSetup setup = SetupOf("scatterbrain:features=5,window=3", 2);
  // The counter of 4 tokens takes 3 bits.
  setup.memory_limit_bytes = 3 * 4 * 4 + 5 * (2 * 3 + 2) * 4 + 1;
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
  --setup.memory_limit_bytes;
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block(0, 3, true)), IsOk());
  EXPECT_THAT(cache->Append(tokens.Block(3, 1, true)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
  setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 1, 4, 2).value();
  EXPECT_THAT(CreateCache(setup),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
}

TEST(ScatterbrainTest, OptionsOutOfRangeAreRefused) {
  for (const std::string option : {"features=-1", "features=16777217", "window=-1"}) {
    EXPECT_THAT(ParseBuiltInSpec("scatterbrain:" + option),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(option.substr(0, option.find('=')))));
  }
}

}  // namespace
}  // namespace kvwire
