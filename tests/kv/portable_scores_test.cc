#include "common/kv/portable_scores.h"

#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/eviction_streams.h"

namespace kvwire {
namespace {

// The logits of all queries, with the keys in blocks of the given size.
std::vector<std::vector<double>> LogitsOf(const Matrix& keys, const Matrix& queries,
                                          int64_t block_rows, double scale) {
  std::vector<std::vector<double>> logits;
  const auto blocks = [&](BlockVisitor visit) {
    for (int64_t first = 0; first < keys.rows(); first += block_rows) {
      const MatrixView block(keys.row(first).data(), std::min(block_rows, keys.rows() - first),
                             keys.cols());
      visit({block, block});
    }
  };
  VisitLogits(blocks, keys.rows(), MatrixView(queries.data(), queries.rows(), queries.cols()),
              scale, [&](int64_t query, absl::Span<double> row) {
                EXPECT_EQ(query, static_cast<int64_t>(logits.size()));
                logits.emplace_back(row.begin(), row.end());
              });
  return logits;
}

// To the bit: a sum in order, whoever else is computed beside it.
TEST(PortableScoresTest, LogitsAreSumsInOrderOfCoordinate) {
  std::mt19937_64 random(1);
  for (const int64_t dims : {1, 2, 7, 64}) {
    const Matrix keys = NormalMatrix(21, dims, random);
    const Matrix queries = NormalMatrix(19, dims, random);
    for (const double scale : {1.0, 0.3}) {
      std::vector<std::vector<double>> expected;
      for (int64_t q = 0; q < queries.rows(); ++q) {
        expected.emplace_back();
        for (int64_t k = 0; k < keys.rows(); ++k) {
          double sum = 0;
          for (int64_t j = 0; j < dims; ++j) {
            sum += static_cast<double>(queries(q, j)) * static_cast<double>(keys(k, j));
          }
          expected.back().push_back(scale * sum);
        }
      }
      for (const int64_t block_rows : {1, 5, 21}) {
        EXPECT_EQ(LogitsOf(keys, queries, block_rows, scale), expected);
        EXPECT_EQ(LogitsOf(keys, queries.bottomRows(1), block_rows, scale).front(),
                  expected.back());
      }
      EXPECT_TRUE(LogitsOf(keys, Matrix(0, dims), 21, scale).empty());
    }
  }
}

TEST(PortableScoresTest, ProbabilitiesAreThoseOfTheDefinition) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal(0, 5);
  for (const int64_t zeros : {0, 1, 1000000}) {
    std::vector<double> logits(50);
    double mass = static_cast<double>(zeros);
    for (double& logit : logits) {
      logit = normal(random);
      mass += std::exp(logit);
    }
    std::vector<double> probabilities = logits;
    const double zero = PortableSoftmax(absl::MakeSpan(probabilities), zeros);
    EXPECT_NEAR(zero, zeros == 0 ? 0 : 1 / mass, 1e-15);
    for (size_t i = 0; i < logits.size(); ++i) {
      EXPECT_NEAR(probabilities[i], std::exp(logits[i]) / mass, 1e-14);
    }
  }
}

// Queries of zero in closed form are queries of zero.
TEST(PortableScoresTest, EqualLogitsAreOneOverTheNumberOfTokensToTheBit) {
  for (const int64_t zeros : {0, 1, 12345}) {
    std::vector<double> logits(37, 0.0);
    const double zero = PortableSoftmax(absl::MakeSpan(logits), zeros);
    const double each = 1 / static_cast<double>(37 + zeros);
    EXPECT_EQ(logits, std::vector<double>(37, each));
    EXPECT_EQ(zero, zeros == 0 ? 0 : each);
  }
}

TEST(PortableScoresTest, LogitsOfAnySizeHaveProbabilities) {
  for (const double size : {1e3, 1e38, 1e300}) {
    std::vector<double> logits = {-size, size, 0, size};
    EXPECT_EQ(PortableSoftmax(absl::MakeSpan(logits), 7), 0);
    EXPECT_EQ(logits, (std::vector<double>{0, 0.5, 0, 0.5}));
    std::vector<double> low = {-size, -size};
    EXPECT_EQ(PortableSoftmax(absl::MakeSpan(low), 2), 0.5);
    EXPECT_EQ(low, (std::vector<double>{0, 0}));
    low = {-size, -size};
    PortableSoftmax(absl::MakeSpan(low), 0);
    EXPECT_EQ(low, (std::vector<double>{0.5, 0.5}));
  }
}

}  // namespace
}  // namespace kvwire
