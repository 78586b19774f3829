// The baselines that every table has: answering zero, and answering the mean.

#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/random_tokens.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

TEST(ZeroTest, AnswersZeroFromNoState) {
  for (const CacheSetup& setup : KindsOf(SetupOf("zero", 6))) {
    std::mt19937_64 random(1);
    const Tokens tokens = GaussianTokens(50, setup.row_width(), random);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    EXPECT_EQ(cache->StateBits(), 0);
    EXPECT_EQ(Attended(*cache, RandomMatrix(3, 6, random)), Matrix::Zero(3, 6));
  }
}

// The norm in which SubGen and the tensor paper bound their error, at eps = 1, says nothing:
// an answer of zero is within it, whatever the tokens and queries.
TEST(ZeroTest, MeetsTheErrorNormOfSubgenWithEpsOne) {
  double largest = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto dims = static_cast<int64_t>(1 + random() % 12);
    const auto rows = static_cast<int64_t>(1 + random() % 60);
    const Tokens tokens = GaussianTokens(rows, dims, random);
    const Matrix queries =
        GaussianMatrix(8, dims, 1 + static_cast<double>(random() % 4), random);
    const Eigen::MatrixXd truth = NaiveAttention(queries, tokens.keys, tokens.values, 0);
    const double operator_norm = tokens.values.cast<double>().jacobiSvd().singularValues()(0);
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const Eigen::VectorXd scores =
          tokens.keys.cast<double>() * queries.row(q).cast<double>().transpose();
      const Eigen::VectorXd weights = (scores.array() - scores.maxCoeff()).exp();
      const double norm = weights.norm() / weights.sum() * operator_norm;
      EXPECT_LE(truth.row(q).norm(), norm * (1 + 1e-9));
      largest = std::max(largest, truth.row(q).norm() / norm);
    }
  }
  // A single token meets it with equality.
  EXPECT_NEAR(largest, 1, 1e-6);
}

TEST(ZeroTest, BitsOfItsStateAreDataLoss) {
  const CacheSetup setup = SetupOf("zero", 2);
  Container snapshot = ContainerOf(SnapshotOf(*NewCache(setup), setup));
  ASSERT_EQ(snapshot.sections.size(), 1U);
  snapshot.sections.front().body = "x";
  EXPECT_THAT(Restore(snapshot.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a state that has none")));
}

TEST(MeanTest, AnswersTheMeanOverAllTokensZeroOnesToo) {
  for (const CacheSetup& setup : KindsOf(SetupOf("mean", 5))) {
    std::mt19937_64 random(2);
    const Tokens tokens = GaussianTokens(37, setup.row_width(), random);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(13)), IsOk());
    EXPECT_EQ(cache->StateBits(), 64 * setup.row_width());
    // Attention that scores all pairs alike.
    const Eigen::MatrixXd truth = NaiveAnswer(setup, Matrix::Zero(4, 5), tokens, 13);
    const Matrix answer = Attended(*cache, RandomMatrix(4, 5, random));
    EXPECT_LT((answer.cast<double>() - truth).cwiseAbs().maxCoeff(), 1e-7);
  }
}

TEST(MeanTest, SumsAreThoseOfDoublesInTheOrderOfTheTokens) {
  const CacheSetup setup = SetupOf("mean", 1);
  auto cache = NewCache(setup);
  Tokens tokens{Matrix::Zero(3, 1), Matrix(3, 1)};
  tokens.values << 1e20F, 1, -1e20F;
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const double sum = (double{1e20F} + 1) - double{1e20F};
  EXPECT_EQ(Attended(*cache, Matrix::Ones(1, 1))(0, 0), static_cast<float>(sum / 3));
}

TEST(MeanTest, SumsOfNoTokensAreDataLoss) {
  const CacheSetup setup = SetupOf("mean", 1);
  auto cache = NewCache(setup);
  const Matrix value = Matrix::Ones(1, 1);
  ASSERT_THAT(cache->Append({1, nullptr, nullptr, value.data(), true}), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  const auto restored = [&](double sum) {
    Container changed = good;
    changed.sections.front().body.assign(reinterpret_cast<const char*>(&sum), sizeof(sum));
    return Restore(changed.Build(), setup);
  };
  EXPECT_THAT(restored(0.5), IsOk());
  for (const double sum : {-0.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), 1e39, -1e300}) {
    EXPECT_THAT(restored(sum),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is none of 1 tokens")));
  }
  Container longer = good;
  longer.sections.front().body += good.sections.front().body;
  EXPECT_THAT(Restore(longer.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("2 sums where 1 are due")));
}

TEST(MeanTest, ItsSumsAreMemory) {
  CacheSetup setup = SetupOf("mean", 4);
  setup.memory_limit_bytes = 31;
  EXPECT_THAT(NewCache(setup)->Append(ZeroScale(1)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("needs 32 bytes")));
  setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 1, 3, 4).value();
  EXPECT_THAT(CreateCache(setup),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("needs 32 bytes")));
}

}  // namespace
}  // namespace kvwire
