#include "common/attention/pair_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "common/base/parallel.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// A set of weighted tokens, handed out in blocks of `block_rows`.
struct WeightedSet {
  Matrix keys;
  Matrix values;
  std::vector<float> log_weights;  // or none
  int64_t block_rows = 1000;

  void operator()(BlockVisitor visit) const {
    for (int64_t first = 0; first < keys.rows(); first += block_rows) {
      const int64_t count = std::min(block_rows, keys.rows() - first);
      visit({MatrixView(keys.row(first).data(), count, keys.cols()),
             MatrixView(values.row(first).data(), count, values.cols()),
             log_weights.empty() ? nullptr : log_weights.data() + first});
    }
  }

  double Weight(int64_t row) const {
    return log_weights.empty() ? 1 : std::exp(double{log_weights[static_cast<size_t>(row)]});
  }
};

WeightedSet RandomSet(int64_t rows, int64_t dims, bool weighted, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const auto draw = [&] { return static_cast<float>(normal(random)); };
  WeightedSet set{
      Matrix::NullaryExpr(rows, dims, draw), Matrix::NullaryExpr(rows, dims, draw), {}};
  for (int64_t i = 0; i < rows && weighted; ++i) set.log_weights.push_back(2 * draw());
  return set;
}

struct Answer {
  Matrix out;
  std::vector<double> log_masses;
};

Answer Attend(const Matrix& queries, const WeightedSet& first, const WeightedSet& second) {
  Answer answer{Matrix::Constant(queries.rows(), queries.cols(), NAN),
                std::vector<double>(static_cast<size_t>(queries.rows()), NAN)};
  PairAttentionWithMass(queries, first, second, answer.out, absl::MakeSpan(answer.log_masses));
  return answer;
}

// The definition, pair by pair.
void ExpectTruth(const Matrix& queries, const WeightedSet& first, const WeightedSet& second,
                 const Answer& answer) {
  for (int64_t q = 0; q < queries.rows(); ++q) {
    double mass = 0;
    std::vector<double> sums(static_cast<size_t>(queries.cols()));
    for (int64_t a = 0; a < first.keys.rows(); ++a) {
      for (int64_t b = 0; b < second.keys.rows(); ++b) {
        double score = 0;
        for (int64_t j = 0; j < queries.cols(); ++j) {
          score += double{queries(q, j)} * first.keys(a, j) * second.keys(b, j);
        }
        const double weight = first.Weight(a) * second.Weight(b) * std::exp(score);
        mass += weight;
        for (int64_t j = 0; j < queries.cols(); ++j) {
          sums[static_cast<size_t>(j)] += weight * first.values(a, j) * second.values(b, j);
        }
      }
    }
    EXPECT_NEAR(answer.log_masses[static_cast<size_t>(q)], std::log(mass), 1e-5);
    for (int64_t j = 0; j < queries.cols(); ++j) {
      EXPECT_NEAR(answer.out(q, j), sums[static_cast<size_t>(j)] / mass, 2e-5);
    }
  }
}

TEST(PairAttentionTest, IsTheSumOverAllPairsWithBothWeights) {
  std::mt19937_64 random(1);
  const Matrix queries = RandomSet(9, 5, false, random).keys;
  for (const bool weighted : {false, true}) {
    for (const auto& [rows, other_rows] :
         std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 300}, {290, 2}, {140, 131}}) {
      WeightedSet first = RandomSet(rows, 5, weighted, random);
      WeightedSet second = RandomSet(other_rows, 5, weighted, random);
      first.block_rows = 7;
      second.block_rows = 130;
      ExpectTruth(queries, first, second, Attend(queries, first, second));
    }
  }
}

TEST(PairAttentionTest, WithoutPairsThereIsNoMass) {
  std::mt19937_64 random(2);
  const WeightedSet some = RandomSet(3, 4, true, random);
  const WeightedSet none{Matrix(0, 4), Matrix(0, 4), {}};
  for (const auto& [first, second] :
       std::vector<std::pair<WeightedSet, WeightedSet>>{{some, none}, {none, some}}) {
    const Answer answer = Attend(some.keys, first, second);
    EXPECT_EQ(answer.out, Matrix::Zero(3, 4));
    EXPECT_EQ(answer.log_masses,
              std::vector<double>(3, -std::numeric_limits<double>::infinity()));
  }
}

TEST(PairAttentionTest, DoesNotDependOnTheNumberOfThreads) {
  std::mt19937_64 random(3);
  const WeightedSet first = RandomSet(200, 6, true, random);
  const WeightedSet second = RandomSet(150, 6, true, random);
  const Matrix queries = RandomSet(40, 6, false, random).keys;
  const Answer many = Attend(queries, first, second);
  SetParallelThreads(1);
  const Answer one = Attend(queries, first, second);
  SetParallelThreads(0);
  EXPECT_EQ(one.out, many.out);
  EXPECT_EQ(one.log_masses, many.log_masses);
}

}  // namespace
}  // namespace kvwire
