#include "client/rank/reference_attention.h"

#include <cmath>
#include <random>

#include "common/workload/gaussian_workload.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/naive_attention.h"

namespace kvwire {
namespace {

AttentionWorkload Small(int64_t tokens, int64_t dims, int64_t queries) {
  std::mt19937_64 random(5);
  AttentionWorkload workload;
  workload.keys = RandomMatrix(tokens, dims, random);
  workload.values = RandomMatrix(tokens, dims, random);
  workload.queries = RandomMatrix(queries, dims, random);
  return workload;
}

TEST(ReferenceAttentionTest, IsAttentionAsItIsDefined) {
  for (const double scale : {1.0, 0.25, 2.0}) {
    const AttentionWorkload workload = Small(17, 5, 9);
    const Matrix scaled = workload.queries * static_cast<float>(scale);  // powers of two
    const Eigen::MatrixXd expected =
        NaiveAttention(scaled, workload.keys, workload.values, /*zeros=*/0);
    const Matrix actual = ReferenceAttention(workload, scale);
    EXPECT_LT((actual.cast<double>() - expected).cwiseAbs().maxCoeff(), 2e-7) << scale;
  }
}

TEST(ReferenceAttentionTest, OneTokenIsItsOwnAnswer) {
  const AttentionWorkload workload = Small(1, 3, 2);
  const Matrix outputs = ReferenceAttention(workload, 1);
  EXPECT_EQ(outputs.row(0), workload.values.row(0));
  EXPECT_EQ(outputs.row(1), workload.values.row(0));
}

TEST(ReferenceAttentionTest, LargeScoresDoNotOverflow) {
  const AttentionWorkload workload =
      DrawWorkload(GaussianWorkloads()[2], {.tokens = 64, .queries = 4}, 1).value();
  const Matrix outputs = ReferenceAttention(workload, 1e6);
  EXPECT_TRUE(outputs.allFinite());
  // Each query's own token has all the weight.
  for (int64_t q = 0; q < 4; ++q) {
    const Eigen::VectorXf scores = workload.keys * workload.queries.row(q).transpose();
    int64_t token = 0;
    scores.maxCoeff(&token);
    EXPECT_EQ(outputs.row(q), workload.values.row(token));
  }
}

TEST(MeanCosineTest, IsTheMeanOverTheRows) {
  Matrix expected(4, 2);
  expected << 1, 0, 1, 0, 1, 0, 3, 4;
  Matrix actual(4, 2);
  actual << 2, 0, 0, 5, -1, 0, 6, 8;
  EXPECT_NEAR(MeanCosine(expected, actual), (1 + 0 - 1 + 1) / 4.0, 1e-15);
}

TEST(MeanCosineTest, ARowOfZerosHasNone) {
  EXPECT_EQ(MeanCosine(Matrix::Ones(2, 3), Matrix::Zero(2, 3)), 0);
  EXPECT_EQ(MeanCosine(Matrix::Zero(1, 3), Matrix::Ones(1, 3)), 0);
}

}  // namespace
}  // namespace kvwire
