// What every attention kernel owes to the others: the same answers, and to which bit.

#include "common/attention/kernel/attention_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "common/attention/kernel/instruction_set.h"
#include "common/attention/softmax_attention.h"
#include "common/base/parallel.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Matrix Random(int64_t rows, int64_t dims, double scale, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, scale);
  return Matrix::NullaryExpr(rows, dims, [&] { return static_cast<float>(normal(random)); });
}

// A problem, and how its tokens are handed out.
struct Problem {
  Matrix queries;
  Matrix keys;
  Matrix values;
  std::vector<float> log_weights;  // or none
  int64_t zero_rows = 0;
  int64_t block_rows = int64_t{1} << 40;
  bool lasting = true;

  void operator()(BlockVisitor visit) const {
    for (int64_t first = 0; first < keys.rows(); first += block_rows) {
      const int64_t count = std::min(block_rows, keys.rows() - first);
      visit({MatrixView(keys.row(first).data(), count, keys.cols()),
             MatrixView(values.row(first).data(), count, keys.cols()),
             log_weights.empty() ? nullptr : log_weights.data() + first, lasting});
    }
  }
};

// Scores of standard deviation `sharpness`.
Problem RandomProblem(int64_t m, int64_t rows, int64_t dims, double sharpness, uint64_t seed) {
  return {Random(m, dims, sharpness / std::sqrt(static_cast<double>(dims)), 3 * seed),
          Random(rows, dims, 1, 3 * seed + 1),
          Random(rows, dims, 1, 3 * seed + 2),
          {}};
}

Matrix Attend(const Problem& problem) {
  Matrix out = Matrix::Constant(problem.queries.rows(), problem.queries.cols(), 77);
  SoftmaxAttention(problem.queries, problem, problem.zero_rows, out);
  return out;
}

Matrix AttendWith(InstructionSet set, const Problem& problem) {
  SetAttentionInstructionSet(set);
  const Matrix out = Attend(problem);
  SetAttentionInstructionSet(std::nullopt);
  return out;
}

std::vector<float> LogWeights(int64_t rows, uint64_t seed) {
  const Matrix drawn = Random(1, rows, 2, seed);
  return {drawn.data(), drawn.data() + rows};
}

// The definition in double, all scores before all weights.
Matrix Truth(const Problem& problem) {
  Matrix out(problem.queries.rows(), problem.queries.cols());
  const Eigen::MatrixXd keys = problem.keys.cast<double>();
  const Eigen::MatrixXd values = problem.values.cast<double>();
  for (int64_t q = 0; q < out.rows(); ++q) {
    Eigen::VectorXd scores = keys * problem.queries.row(q).transpose().cast<double>();
    for (size_t t = 0; t < problem.log_weights.size(); ++t) {
      scores[static_cast<int64_t>(t)] += double{problem.log_weights[t]};
    }
    // A zero token scores 0.
    const double zero_rows = static_cast<double>(problem.zero_rows);
    double top = scores.size() > 0 ? scores.maxCoeff() : 0;
    if (zero_rows > 0) top = std::max(top, 0.0);
    const Eigen::VectorXd weights = (scores.array() - top).exp();
    const double mass = weights.sum() + (zero_rows > 0 ? zero_rows * std::exp(-top) : 0);
    out.row(q) = (weights.transpose() * values / mass).cast<float>();
  }
  return out;
}

// The largest error of an output relative to the largest output.
double RelativeError(const Matrix& actual, const Matrix& expected) {
  if (!actual.allFinite()) return HUGE_VAL;
  const double largest = std::max(1e-30, double{expected.cwiseAbs().maxCoeff()});
  return (actual - expected).cwiseAbs().maxCoeff() / largest;
}

class EachInstructionSet : public ::testing::TestWithParam<InstructionSet> {};

INSTANTIATE_TEST_SUITE_P(AttentionKernel, EachInstructionSet,
                         ::testing::ValuesIn(SupportedInstructionSets().begin(),
                                             SupportedInstructionSets().end()),
                         [](const auto& set) {
                           return std::string(InstructionSetName(set.param));
                         });

TEST_P(EachInstructionSet, AgreesWithTheDefinitionForOddShapes) {
  uint64_t seed = 0;
  for (const int64_t m : {1, 2, 3, 15, 17, 33, 47, 49, 97, 211}) {
    for (const int64_t rows : {1, 7, 8, 13, 255, 256, 259, 531}) {
      for (const int64_t dims : {1, 5, 16, 31, 66}) {
        Problem problem = RandomProblem(m, rows, dims, 2, ++seed);
        problem.zero_rows = static_cast<int64_t>(seed % 3) * 50;
        if (seed % 2 == 0) problem.log_weights = LogWeights(rows, seed);
        problem.block_rows = seed % 5 == 0 ? 37 : 1000;
        ASSERT_LE(RelativeError(AttendWith(GetParam(), problem), Truth(problem)), 5e-6)
            << m << " queries, " << rows << " rows, d = " << dims;
      }
    }
  }
}

TEST_P(EachInstructionSet, AQueryIsAnsweredAlikeAloneAndAmongOthers) {
  for (const int64_t dims : {3, 16, 40, 129}) {
    Problem all = RandomProblem(100, 600, dims, 3, 1);
    all.log_weights = LogWeights(600, 2);
    const Matrix expected = AttendWith(GetParam(), all);
    for (const int64_t count : {1, 2, 3, 16, 50}) {
      for (const int64_t first : {0, 31, 50}) {
        Problem some = all;
        some.queries = all.queries.middleRows(first, count);
        ASSERT_EQ(AttendWith(GetParam(), some), expected.middleRows(first, count));
      }
    }
  }
}

TEST_P(EachInstructionSet, ThreadsAndTheTokensMemoryMakeNoDifference) {
  Problem problem = RandomProblem(700, 1500, 24, 3, 2);
  problem.block_rows = 512;
  const Matrix expected = AttendWith(GetParam(), problem);
  for (const int threads : {1, 2, 3, 5}) {
    SetParallelThreads(threads);
    for (const bool lasting : {false, true}) {
      problem.lasting = lasting;
      EXPECT_EQ(AttendWith(GetParam(), problem), expected);
    }
  }
  SetParallelThreads(0);
}

TEST_P(EachInstructionSet, BlocksOfWholeTilesMakeNoDifference) {
  Problem problem = RandomProblem(60, 2000, 20, 3, 3);
  const Matrix expected = AttendWith(GetParam(), problem);
  for (const int64_t rows : {256, 512, 1024}) {
    problem.block_rows = rows;
    EXPECT_EQ(AttendWith(GetParam(), problem), expected);
  }
}

TEST_P(EachInstructionSet, SharpScoresAreAsExactAsTheirRoundingAllows) {
  for (const double sharpness : {1, 10, 20, 40, 80, 150, 300}) {
    for (const int64_t m : {1, 100}) {
      Problem problem = RandomProblem(m, 700, 32, sharpness, 4);
      problem.zero_rows = 9;
      // A score of size s is off by about s 2^-24, and its weight by as much of itself.
      EXPECT_LE(RelativeError(AttendWith(GetParam(), problem), Truth(problem)),
                2e-6 + sharpness * 1e-6)
          << sharpness;
    }
  }
}

TEST_P(EachInstructionSet, ScoresThatAreAllFarBelowZeroCount) {
  for (const int64_t m : {1, 21}) {
    Problem problem = RandomProblem(m, 300, 8, 1, 5);
    problem.queries.col(0).setConstant(-1);
    problem.keys.col(0).setConstant(1000);
    EXPECT_LE(RelativeError(AttendWith(GetParam(), problem), Truth(problem)), 2e-4);
    problem.zero_rows = 1;
    EXPECT_EQ(AttendWith(GetParam(), problem), Matrix::Zero(m, 8));
  }
}

TEST_P(EachInstructionSet, WhatIsNotANumberShowsInTheOutput) {
  for (const int64_t m : {1, 40}) {
    const Problem fine = RandomProblem(m, 300, 6, 1, 6);
    for (const float bad : {std::nanf("1"), kInfinity}) {
      for (const int64_t row : {0, 100, 299}) {
        Problem problem = fine;
        problem.keys(row, 3) = bad;
        problem.queries.col(3).setConstant(1);
        EXPECT_TRUE(AttendWith(GetParam(), problem).array().isNaN().all()) << bad;
        problem = fine;
        problem.values(row, 2) = std::nanf("1");
        const Matrix out = AttendWith(GetParam(), problem);
        EXPECT_TRUE(out.col(2).array().isNaN().all());
        EXPECT_TRUE(out.leftCols(2).allFinite());
      }
    }
  }
}

TEST_P(EachInstructionSet, ATokenThatCannotBeSeenWeighsNothing) {
  for (const int64_t m : {1, 40}) {
    Problem problem = RandomProblem(m, 20, 6, 1, 7);
    const Matrix expected = AttendWith(GetParam(), problem);
    problem.keys.conservativeResize(21, 6);
    problem.keys.row(20).setConstant(0);
    problem.values.conservativeResize(21, 6);
    problem.values.row(20).setConstant(1e6F);
    problem.log_weights.assign(21, 0);
    problem.log_weights.back() = -kInfinity;
    EXPECT_EQ(AttendWith(GetParam(), problem), expected);
  }
}

TEST_P(EachInstructionSet, WithoutAnyTokenOutputsAreZero) {
  for (const int64_t m : {1, 40}) {
    EXPECT_EQ(AttendWith(GetParam(), RandomProblem(m, 0, 6, 1, 8)), Matrix::Zero(m, 6));
  }
}

TEST(AttentionKernelTest, FusedInstructionSetsAgreeToTheBit) {
  std::vector<InstructionSet> fused;
  for (const InstructionSet set : SupportedInstructionSets()) {
    if (set != InstructionSet::kBaseline) fused.push_back(set);
  }
  if (fused.size() < 2) GTEST_SKIP() << "this machine has one such set, or none";
  uint64_t seed = 100;
  for (const int64_t m : {1, 2, 3, 17, 49, 130}) {
    for (const int64_t rows : {1, 9, 256, 700}) {
      for (const int64_t dims : {1, 8, 19, 64, 130}) {
        for (const double sharpness : {1, 30, 300}) {
          Problem problem = RandomProblem(m, rows, dims, sharpness, ++seed);
          problem.zero_rows = static_cast<int64_t>(seed % 2);
          if (seed % 3 == 0) problem.log_weights = LogWeights(rows, seed);
          const Matrix narrow = AttendWith(fused.front(), problem);
          ASSERT_EQ(AttendWith(fused.back(), problem), narrow)
              << m << " queries, " << rows << " rows, d = " << dims;
        }
      }
    }
  }
}

// The reduction's shape, n = 16: keys on the sphere, queries C times keys, bits as values.
TEST_P(EachInstructionSet, IsWithinFiveMillionthsOfTheDefinition) {
  Problem problem = RandomProblem(256, 85, 64, 1, 9);
  problem.keys.rowwise().normalize();
  problem.values = (problem.values.array() > 0).cast<float>();
  problem.zero_rows = 256;
  problem.queries = 20 * problem.keys.replicate(4, 1).topRows(256);
  EXPECT_LE(RelativeError(AttendWith(GetParam(), problem), Truth(problem)), 5e-6);
}

}  // namespace
}  // namespace kvwire
