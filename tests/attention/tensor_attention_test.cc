#include "common/attention/tensor_attention.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/base/parallel.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

Matrix Random(int64_t rows, int64_t dims, double scale, std::mt19937_64& random) {
  std::normal_distribution<double> normal(0, scale);
  return Matrix::NullaryExpr(rows, dims, [&] { return static_cast<float>(normal(random)); });
}

// Tokens handed out in blocks of the given sizes, over and over.
struct Tokens {
  Matrix k1, k2, v1, v2;
  std::vector<int64_t> sizes;

  int64_t rows() const { return k1.rows(); }

  void operator()(TensorBlockVisitor visit) const {
    int64_t first = 0;
    for (size_t i = 0; first < rows(); ++i) {
      const int64_t count = std::min(sizes[i % sizes.size()], rows() - first);
      const auto part = [&](const Matrix& all) {
        return RowsView(all.row(first).data(), count, all.cols(),
                        Eigen::OuterStride<>(all.cols()));
      };
      visit({part(k1), part(k2), part(v1), part(v2)});
      first += count;
    }
  }
};

Tokens RandomTokens(int64_t rows, int64_t dims, double key_scale, std::vector<int64_t> sizes,
                    std::mt19937_64& random) {
  return {Random(rows, dims, key_scale, random), Random(rows, dims, key_scale, random),
          Random(rows, dims, 1, random), Random(rows, dims, 1, random), std::move(sizes)};
}

// The tokens and then `zero_rows` more of which all is zero.
Tokens Padded(const Tokens& tokens, int64_t zero_rows) {
  const auto pad = [&](const Matrix& matrix) {
    Matrix padded = Matrix::Zero(matrix.rows() + zero_rows, matrix.cols());
    padded.topRows(matrix.rows()) = matrix;
    return padded;
  };
  return {pad(tokens.k1), pad(tokens.k2), pad(tokens.v1), pad(tokens.v2), tokens.sizes};
}

Matrix Attend(const Matrix& queries, const Tokens& tokens, int64_t zero_rows) {
  Matrix out = Matrix::Constant(queries.rows(), queries.cols(), NAN);
  TensorAttention(queries, tokens, zero_rows, out);
  return out;
}

// The definition, all pairs of all tokens, zero tokens included, written out.
Matrix Truth(const Matrix& queries, const Tokens& tokens, int64_t zero_rows) {
  const int64_t total = tokens.rows() + zero_rows;
  const auto at = [&](const Matrix& matrix, int64_t token, int64_t j) {
    return token < tokens.rows() ? double{matrix(token, j)} : 0.0;
  };
  Matrix out(queries.rows(), queries.cols());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<double> scores;
    for (int64_t a = 0; a < total; ++a) {
      for (int64_t b = 0; b < total; ++b) {
        double score = 0;
        for (int64_t j = 0; j < queries.cols(); ++j) {
          score += queries(q, j) * at(tokens.k1, a, j) * at(tokens.k2, b, j);
        }
        scores.push_back(score);
      }
    }
    const double top = *std::max_element(scores.begin(), scores.end());
    double mass = 0;
    std::vector<double> sums(static_cast<size_t>(queries.cols()), 0);
    for (int64_t pair = 0; pair < total * total; ++pair) {
      const double weight = std::exp(scores[pair] - top);
      mass += weight;
      for (int64_t j = 0; j < queries.cols(); ++j) {
        sums[j] += weight * at(tokens.v1, pair / total, j) * at(tokens.v2, pair % total, j);
      }
    }
    for (int64_t j = 0; j < queries.cols(); ++j) {
      out(q, j) = static_cast<float>(sums[j] / mass);
    }
  }
  return out;
}

void ExpectClose(const Matrix& actual, const Matrix& expected, double tolerance) {
  ASSERT_EQ(actual.rows(), expected.rows());
  ASSERT_FALSE(actual.hasNaN());
  EXPECT_LE((actual - expected).cwiseAbs().maxCoeff(), tolerance);
}

TEST(TensorAttentionTest, AgreesWithTheDefinitionForEverySmallShape) {
  std::mt19937_64 random(1);
  for (int64_t rows = 0; rows <= 4; ++rows) {
    for (int64_t zero_rows = 0; zero_rows <= 3; ++zero_rows) {
      if (rows + zero_rows == 0) continue;
      for (int64_t dims = 1; dims <= 3; ++dims) {
        for (const int64_t block : {1, 2, 4}) {
          const Tokens tokens = RandomTokens(rows, dims, 1, {block}, random);
          const Matrix queries = Random(5, dims, 2, random);
          ExpectClose(Attend(queries, tokens, zero_rows), Truth(queries, tokens, zero_rows),
                      1e-5);
        }
      }
    }
  }
}

TEST(TensorAttentionTest, AgreesWithTheDefinitionAcrossBlocksGroupsAndChunks) {
  std::mt19937_64 random(2);
  for (const int64_t rows : {64, 127, 129, 150}) {
    for (const int64_t zero_rows : {0, 100}) {
      const Tokens tokens = RandomTokens(rows, 16, 0.6, {1, 130, 7, 64}, random);
      const Matrix queries = Random(18, 16, 2, random);
      ExpectClose(Attend(queries, tokens, zero_rows), Truth(queries, tokens, zero_rows), 2e-5);
    }
  }
}

TEST(TensorAttentionTest, ManyQueriesOverFewTokensAreTakenInGroups) {
  std::mt19937_64 random(3);
  const Tokens tokens = RandomTokens(3, 2, 1, {2}, random);
  const Matrix queries = Random(1100, 2, 2, random);
  ExpectClose(Attend(queries, tokens, 1), Truth(queries, tokens, 1), 1e-5);
}

TEST(TensorAttentionTest, ZeroRowsAreTokensOfWhichAllIsZero) {
  std::mt19937_64 random(4);
  const Tokens tokens = RandomTokens(20, 8, 1, {16}, random);
  const Matrix queries = Random(9, 8, 1, random);
  ExpectClose(Attend(queries, tokens, 30), Attend(queries, Padded(tokens, 30), 0), 2e-6);
}

TEST(TensorAttentionTest, ZeroRowsAloneGiveZero) {
  const Matrix none(0, 6);
  EXPECT_EQ(Attend(Matrix::Constant(5, 6, 9), {none, none, none, none, {1}}, 3),
            Matrix::Zero(5, 6));
}

TEST(TensorAttentionTest, OneTokenGivesTheProductOfItsValuesExactly) {
  std::mt19937_64 random(5);
  const Tokens one = RandomTokens(1, 6, 30, {1}, random);
  const Matrix out = Attend(Random(4, 6, 30, random), one, 0);
  const Matrix product = one.v1.cwiseProduct(one.v2);
  for (int64_t q = 0; q < 4; ++q) EXPECT_EQ(out.row(q), product.row(0));
}

TEST(TensorAttentionTest, PairsOfDifferentTokensCount) {
  // Only the pair (0, 1) scores: 50 against 0 for the others.
  const Matrix first = (Matrix(2, 2) << 5, 0, 0, 0).finished();
  const Matrix second = (Matrix(2, 2) << 0, 0, 10, 0).finished();
  const Matrix v1 = (Matrix(2, 2) << 2, 3, 100, 100).finished();
  const Matrix v2 = (Matrix(2, 2) << 100, 100, 5, 7).finished();
  const Matrix out = Attend(Matrix::Ones(1, 2), {first, second, v1, v2, {1}}, 0);
  ExpectClose(out, (Matrix(1, 2) << 10, 21).finished(), 1e-5);
}

TEST(TensorAttentionTest, StaysAccurateForSharpScores) {
  std::mt19937_64 random(6);
  Tokens tokens = RandomTokens(40, 16, 1, {11}, random);
  tokens.k1.rowwise().normalize();
  tokens.k2 = (tokens.k2.array() > 0).select(Matrix::Ones(40, 16), -Matrix::Ones(40, 16));
  for (const double sharpness : {1.0, 20.0, 90.0, 300.0}) {
    const Matrix queries = static_cast<float>(sharpness) *
                           tokens.k1.topRows(8).cwiseProduct(tokens.k2.middleRows(8, 8));
    for (const int64_t zero_rows : {0, 50}) {
      ExpectClose(Attend(queries, tokens, zero_rows), Truth(queries, tokens, zero_rows),
                  1e-5 + sharpness * 2e-6);
    }
  }
}

TEST(TensorAttentionTest, RescalesWhenEveryRowRaisesTheMaximum) {
  std::mt19937_64 random(7);
  for (const float step : {0.1F, 2.0F, 50.0F}) {
    Tokens tokens = RandomTokens(30, 3, 1, {4}, random);
    for (int64_t b = 0; b < 30; ++b) {
      tokens.k1.row(b).setConstant(1);
      tokens.k2.row(b).setConstant(step * static_cast<float>(b - 15));
    }
    const Matrix queries = Matrix::Ones(2, 3);
    ExpectClose(Attend(queries, tokens, 5), Truth(queries, tokens, 5), 2e-5);
  }
}

// With k2 = v2 = 1 the pairs of n tokens and one zero token weigh as n copies of
// ordinary attention over n keys and (2n + 1) / n zero keys (theorem B.1's instance).
TEST(TensorAttentionTest, OnesAsSecondFactorsGiveOrdinaryAttentionWithTwoAndABitZeroKeys) {
  std::mt19937_64 random(8);
  for (const int64_t n : {1, 5, 64}) {
    Tokens tokens = RandomTokens(n, 16, 0.3, {50}, random);
    tokens.k2.setOnes();
    tokens.v2.setOnes();
    const Matrix queries = Random(6, 16, 2, random);
    Matrix expected(6, 16);
    for (int64_t q = 0; q < 6; ++q) {
      Eigen::VectorXd weights(n);
      for (int64_t a = 0; a < n; ++a) {
        weights[a] =
            std::exp(tokens.k1.row(a).cast<double>().dot(queries.row(q).cast<double>()));
      }
      const double zeros = static_cast<double>(2 * n + 1) / static_cast<double>(n);
      const Eigen::RowVectorXd out =
          weights.transpose() * tokens.v1.cast<double>() / (weights.sum() + zeros);
      expected.row(q) = out.cast<float>();
    }
    ExpectClose(Attend(queries, tokens, 1), expected, 1e-5);
  }
}

TEST(TensorAttentionTest, NoQueriesAndEmptyBlocksAreFine) {
  std::mt19937_64 random(9);
  const Tokens tokens = RandomTokens(5, 2, 1, {2}, random);
  const auto with_empty = [&](TensorBlockVisitor visit) {
    const RowsView empty(nullptr, 0, 2, Eigen::OuterStride<>(2));
    visit({empty, empty, empty, empty});
    tokens(visit);
  };
  const Matrix queries = Random(3, 2, 1, random);
  Matrix out(3, 2);
  TensorAttention(queries, with_empty, 1, out);
  EXPECT_EQ(out, Attend(queries, tokens, 1));
  Matrix nothing(0, 2);
  TensorAttention(Matrix(0, 2), tokens, 0, nothing);
}

TEST(TensorAttentionTest, WritesIntoAPartOfAWiderMatrix) {
  std::mt19937_64 random(10);
  const Tokens tokens = RandomTokens(30, 4, 1, {8}, random);
  const Matrix wide_queries = Random(6, 10, 1, random);
  Matrix wide = Matrix::Constant(6, 10, 9);
  TensorAttention(wide_queries.middleCols(2, 4), tokens, 0, wide.middleCols(3, 4));
  EXPECT_EQ(wide.middleCols(3, 4), Attend(wide_queries.middleCols(2, 4), tokens, 0));
  EXPECT_TRUE((wide.leftCols(3).array() == 9).all());
  EXPECT_TRUE((wide.rightCols(3).array() == 9).all());
}

TEST(TensorAttentionTest, DoesNotDependOnTheNumberOfThreads) {
  std::mt19937_64 random(11);
  const Tokens tokens = RandomTokens(300, 16, 0.5, {100}, random);
  const Matrix queries = Random(40, 16, 1, random);
  SetParallelThreads(4);
  const Matrix many = Attend(queries, tokens, 10);
  SetParallelThreads(1);
  EXPECT_EQ(Attend(queries, tokens, 10), many);
  SetParallelThreads(0);
}

}  // namespace
}  // namespace kvwire
