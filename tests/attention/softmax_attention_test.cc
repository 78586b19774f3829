#include "common/attention/softmax_attention.h"

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
  Matrix keys;
  Matrix values;
  std::vector<int64_t> sizes;

  void operator()(BlockVisitor visit) const {
    int64_t first = 0;
    for (size_t i = 0; first < keys.rows(); ++i) {
      const int64_t count = std::min(sizes[i % sizes.size()], keys.rows() - first);
      visit({MatrixView(keys.row(first).data(), count, keys.cols()),
             MatrixView(values.row(first).data(), count, keys.cols())});
      first += count;
    }
  }
};

Matrix Attend(const Matrix& queries, const Tokens& tokens, int64_t zero_rows) {
  Matrix out = Matrix::Constant(queries.rows(), queries.cols(), NAN);
  SoftmaxAttention(queries, tokens, zero_rows, out);
  return out;
}

// The definition, in long double, all scores before all weights.
Matrix Truth(const Matrix& queries, const Tokens& tokens, int64_t zero_rows) {
  Matrix out(queries.rows(), queries.cols());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<long double> scores;
    long double top = zero_rows > 0 ? 0 : -HUGE_VALL;
    for (int64_t t = 0; t < tokens.keys.rows(); ++t) {
      long double score = 0;
      for (int64_t j = 0; j < queries.cols(); ++j) {
        score += static_cast<long double>(queries(q, j)) * tokens.keys(t, j);
      }
      scores.push_back(score);
      top = std::max(top, score);
    }
    long double mass = zero_rows * std::exp(-top);
    for (const long double score : scores) mass += std::exp(score - top);
    for (int64_t j = 0; j < queries.cols(); ++j) {
      long double sum = 0;
      for (size_t t = 0; t < scores.size(); ++t) {
        sum += std::exp(scores[t] - top) * tokens.values(static_cast<int64_t>(t), j);
      }
      out(q, j) = static_cast<float>(sum / mass);
    }
  }
  return out;
}

void ExpectClose(const Matrix& actual, const Matrix& expected, double tolerance) {
  ASSERT_EQ(actual.rows(), expected.rows());
  ASSERT_FALSE(actual.hasNaN());
  EXPECT_LE((actual - expected).cwiseAbs().maxCoeff(), tolerance);
}

TEST(SoftmaxAttentionTest, AgreesWithTheDefinitionForEverySmallShape) {
  std::mt19937_64 random(1);
  for (int64_t m = 1; m <= 4; ++m) {
    for (int64_t count = 1; count <= 6; ++count) {
      for (int64_t dims = 1; dims <= 5; ++dims) {
        for (const int64_t zero_rows : {0, 1, 9}) {
          const Tokens tokens = {
              Random(count, dims, 1, random), Random(count, dims, 1, random), {1 + count % 3}};
          const Matrix queries = Random(m, dims, 2, random);
          ExpectClose(Attend(queries, tokens, zero_rows), Truth(queries, tokens, zero_rows),
                      5e-6);
        }
      }
    }
  }
}

TEST(SoftmaxAttentionTest, AgreesWithTheDefinitionAcrossSlicesTilesAndBlocks) {
  std::mt19937_64 random(2);
  for (const int64_t m : {1, 127, 128, 129, 300}) {
    for (const int64_t count : {1, 255, 256, 257, 1000}) {
      const Tokens tokens = {
          Random(count, 24, 0.2, random), Random(count, 24, 1, random), {1, 300, 7, 513}};
      const Matrix queries = Random(m, 24, 3, random);
      ExpectClose(Attend(queries, tokens, 100), Truth(queries, tokens, 100), 2e-5);
    }
  }
}

TEST(SoftmaxAttentionTest, StaysAccurateForSharpScores) {
  std::mt19937_64 random(3);
  Tokens tokens = {Random(600, 16, 1, random), Random(600, 16, 1, random), {101}};
  tokens.keys.rowwise().normalize();
  for (const double sharpness : {1.0, 20.0, 90.0, 300.0}) {
    const Matrix queries = static_cast<float>(sharpness) * tokens.keys.topRows(50);
    for (const int64_t zero_rows : {0, 4096}) {
      // A score is off by a few float32 units of C, and a weight by as much relatively.
      ExpectClose(Attend(queries, tokens, zero_rows), Truth(queries, tokens, zero_rows),
                  1e-5 + sharpness * 1e-6);
    }
  }
}

TEST(SoftmaxAttentionTest, ReturnsTheValueOfAKeyThatOutweighsAllOthers) {
  Tokens tokens = {Matrix::Zero(1000, 4), Matrix::Constant(1000, 4, -3), {64}};
  for (const int64_t winner : {0, 499, 999}) {
    for (const float score : {100.0F, 1e4F, 1e30F}) {
      tokens.keys.setConstant(-score);
      tokens.keys.row(winner).setConstant(score);
      tokens.values.row(winner) << 1, 2, 0, -7;
      const Matrix out = Attend(Matrix::Ones(3, 4), tokens, 0);
      EXPECT_EQ(out, tokens.values.row(winner).replicate(3, 1));
    }
  }
}

TEST(SoftmaxAttentionTest, RescalesWhenEveryBlockRaisesTheMaximum) {
  std::mt19937_64 random(4);
  Tokens tokens = {Matrix(400, 3), Random(400, 3, 1, random), {5}};
  for (const double step : {1e-3, 0.1, 3.0, 50.0}) {
    for (int64_t t = 0; t < 400; ++t) {
      tokens.keys.row(t).setConstant(static_cast<float>(step * static_cast<double>(t - 200)));
    }
    const Matrix queries = Matrix::Ones(2, 3);
    ExpectClose(Attend(queries, tokens, 5), Truth(queries, tokens, 5), 2e-5 + step * 1e-4);
  }
}

TEST(SoftmaxAttentionTest, ZeroRowsAreTokensOfKeyAndValueZero) {
  std::mt19937_64 random(5);
  const Tokens real = {Random(40, 8, 1, random), Random(40, 8, 1, random), {16}};
  Tokens padded = {Matrix::Zero(100, 8), Matrix::Zero(100, 8), {33}};
  padded.keys.topRows(40) = real.keys;
  padded.values.topRows(40) = real.values;
  const Matrix queries = Random(9, 8, 1, random);
  ExpectClose(Attend(queries, real, 60), Attend(queries, padded, 0), 1e-6);
}

TEST(SoftmaxAttentionTest, ZeroRowsAloneGiveZero) {
  const Tokens none = {Matrix(0, 6), Matrix(0, 6), {1}};
  EXPECT_EQ(Attend(Matrix::Constant(5, 6, 9), none, 3), Matrix::Zero(5, 6));
}

TEST(SoftmaxAttentionTest, OneTokenGivesItsValueExactly) {
  std::mt19937_64 random(6);
  const Tokens one = {Random(1, 6, 50, random), Random(1, 6, 1, random), {1}};
  const Matrix out = Attend(Random(4, 6, 50, random), one, 0);
  for (int64_t q = 0; q < 4; ++q) EXPECT_EQ(out.row(q), one.values.row(0));
}

TEST(SoftmaxAttentionTest, EmptyBlocksAndNoQueriesAreFine) {
  const Tokens one = {Matrix::Ones(1, 2), Matrix::Ones(1, 2), {1}};
  const auto with_empty = [&](BlockVisitor visit) {
    visit({MatrixView(nullptr, 0, 2), MatrixView(nullptr, 0, 2)});
    one(visit);
  };
  Matrix out(1, 2);
  SoftmaxAttention(Matrix::Ones(1, 2), with_empty, 0, out);
  EXPECT_EQ(out, Matrix::Ones(1, 2));
  Matrix nothing(0, 2);
  SoftmaxAttention(Matrix(0, 2), one, 0, nothing);
}

TEST(SoftmaxAttentionTest, WithMassGivesTheSameOutputsAndTheLogarithmOfTheMass) {
  std::mt19937_64 random(10);
  Tokens tokens = {Random(400, 8, 1, random), Random(400, 8, 1, random), {90}};
  const Matrix queries = Random(300, 8, 4, random);
  for (const int64_t zero_rows : {0, 50}) {
    Matrix out(300, 8);
    std::vector<double> log_masses(300, NAN);
    SoftmaxAttentionWithMass(queries, tokens, zero_rows, out, absl::MakeSpan(log_masses));
    EXPECT_EQ(out, Attend(queries, tokens, zero_rows));
    for (int64_t q = 0; q < 300; ++q) {
      long double mass = zero_rows;
      for (int64_t t = 0; t < 400; ++t) {
        mass += std::exp(static_cast<long double>(
            queries.row(q).cast<double>().dot(tokens.keys.row(t).cast<double>())));
      }
      ASSERT_NEAR(log_masses[q], static_cast<double>(std::log(mass)), 3e-5);
    }
  }
}

TEST(SoftmaxAttentionTest, WritesIntoAPartOfAWiderMatrix) {
  std::mt19937_64 random(7);
  const Tokens tokens = {Random(30, 4, 1, random), Random(30, 4, 1, random), {8}};
  const Matrix wide_queries = Random(6, 10, 1, random);
  Matrix wide = Matrix::Constant(6, 10, 9);
  SoftmaxAttention(wide_queries.middleCols(2, 4), tokens, 0, wide.middleCols(3, 4));
  EXPECT_EQ(wide.middleCols(3, 4), Attend(wide_queries.middleCols(2, 4), tokens, 0));
  EXPECT_TRUE((wide.leftCols(3).array() == 9).all());
  EXPECT_TRUE((wide.rightCols(3).array() == 9).all());
}

TEST(SoftmaxAttentionTest, DoesNotDependOnTheNumberOfThreads) {
  std::mt19937_64 random(8);
  const Tokens tokens = {Random(700, 32, 1, random), Random(700, 32, 1, random), {300}};
  const Matrix queries = Random(1000, 32, 1, random);
  SetParallelThreads(4);
  const Matrix many = Attend(queries, tokens, 10);
  SetParallelThreads(1);
  EXPECT_EQ(Attend(queries, tokens, 10), many);
  SetParallelThreads(0);
}

TEST(SoftmaxAttentionTest, WalksTheSourceOnceForEachMebibyteOfQueriesAndOutputs) {
  std::mt19937_64 random(9);
  const Tokens tokens = {Random(3, 256, 1, random), Random(3, 256, 1, random), {3}};
  SetParallelThreads(1);
  for (const int64_t m : {1, 128, 400, 600, 2000}) {
    int walks = 0;
    const auto counted = [&](BlockVisitor visit) {
      ++walks;
      tokens(visit);
    };
    const Matrix queries = Random(m, 256, 1, random);
    Matrix out(m, 256);
    SoftmaxAttention(queries, counted, 0, out);
    // A little less than 512 queries a walk, since each has a maximum and a mass besides.
    EXPECT_GE(walks, (m + 511) / 512) << m;
    EXPECT_LE(walks, (m + 479) / 480) << m;
    EXPECT_EQ(out, Attend(queries, tokens, 0));
  }
  SetParallelThreads(0);
}

TEST(SoftmaxAttentionTest, WalksASourceOfLastingBlocksOnce) {
  std::mt19937_64 random(10);
  const Tokens tokens = {Random(300, 256, 1, random), Random(300, 256, 1, random), {100}};
  int walks = 0;
  const auto counted = [&](BlockVisitor visit) {
    ++walks;
    tokens([&](KeyValueBlock block) {
      block.lasting = true;
      visit(block);
    });
  };
  const Matrix queries = Random(2000, 256, 1, random);
  Matrix out(2000, 256);
  SoftmaxAttention(queries, counted, 0, out);
  EXPECT_EQ(walks, 1);
  EXPECT_EQ(out, Attend(queries, tokens, 0));
}

TEST(SoftmaxAttentionTest, LastingBlocksAndOthersMayTakeTurns) {
  std::mt19937_64 random(11);
  const Tokens tokens = {Random(500, 40, 1, random), Random(500, 40, 1, random), {90}};
  const Matrix queries = Random(300, 40, 1, random);
  const Matrix expected = Attend(queries, tokens, 4);
  for (int pattern = 0; pattern < 64; ++pattern) {
    const auto mixed = [&](BlockVisitor visit) {
      int index = 0;
      tokens([&](KeyValueBlock block) {
        block.lasting = (pattern >> index++ & 1) != 0;
        visit(block);
      });
    };
    Matrix out(300, 40);
    SoftmaxAttention(queries, mixed, 4, out);
    ASSERT_EQ(out, expected) << pattern;
  }
}

}  // namespace
}  // namespace kvwire
