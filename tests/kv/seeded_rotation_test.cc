#include "common/kv/algorithms/seeded_rotation.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "common/base/matrix.h"
#include "common/kv/algorithms/orthonormal_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kWidths[] = {1, 2, 3, 5, 8, 12, 16, 31, 33, 64, 100, 127};

std::shared_ptr<const SeededRotation> Rotation(const std::string& kind, uint64_t seed,
                                               int64_t width) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("any:rotation=" + kind).value();
  return SeededRotation::Create(spec, seed, width).value();
}

// R as a matrix, column by column.
Eigen::MatrixXd MatrixOf(const SeededRotation& rotation) {
  Eigen::MatrixXd columns(rotation.width(), rotation.width());
  for (int64_t j = 0; j < rotation.width(); ++j) {
    std::vector<double> axis(static_cast<size_t>(rotation.width()));
    axis[static_cast<size_t>(j)] = 1;
    rotation.Apply(absl::MakeSpan(axis));
    for (int64_t i = 0; i < rotation.width(); ++i) columns(i, j) = axis[i];
  }
  return columns;
}

TEST(SeededRotationTest, IsOrthogonalAndInverseIsItsTranspose) {
  for (const std::string kind : {"hadamard", "dense"}) {
    for (const int64_t width : kWidths) {
      const auto rotation = Rotation(kind, 7, width);
      const Eigen::MatrixXd matrix = MatrixOf(*rotation);
      const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(width, width);
      EXPECT_LT((matrix * matrix.transpose() - identity).cwiseAbs().maxCoeff(), 1e-11);
      for (int64_t j = 0; j < width; ++j) {
        std::vector<double> axis(static_cast<size_t>(width));
        axis[static_cast<size_t>(j)] = 1;
        rotation->Invert(absl::MakeSpan(axis));
        for (int64_t i = 0; i < width; ++i) EXPECT_NEAR(axis[i], matrix(j, i), 1e-11);
      }
    }
  }
}

TEST(SeededRotationTest, DependsOnTheSeedAlone) {
  for (const std::string kind : {"hadamard", "dense"}) {
    EXPECT_EQ(MatrixOf(*Rotation(kind, 7, 24)), MatrixOf(*Rotation(kind, 7, 24)));
    EXPECT_NE(MatrixOf(*Rotation(kind, 7, 24)), MatrixOf(*Rotation(kind, 8, 24)));
  }
}

// H_ij is (-1)^(the number of ones that i and j share).
TEST(SeededRotationTest, AtAPowerOfTwoIsTheWalshHadamardMatrixWithSignsOfItsColumns) {
  for (const int64_t width : {2, 16, 128}) {
    const Eigen::MatrixXd matrix = MatrixOf(*Rotation("hadamard", 3, width));
    int negative = 0;
    for (int64_t j = 0; j < width; ++j) {
      const double sign = matrix(0, j) > 0 ? 1 : -1;
      negative += sign < 0 ? 1 : 0;
      for (int64_t i = 0; i < width; ++i) {
        const double entry = __builtin_popcountll(i & j) % 2 == 0 ? 1 : -1;
        EXPECT_NEAR(matrix(i, j), sign * entry / std::sqrt(static_cast<double>(width)), 1e-12);
      }
    }
    if (width < 16) continue;
    EXPECT_GT(negative, width / 4);
    EXPECT_LT(negative, 3 * width / 4);
  }
}

// No entry is far from the size of all others, and both halves get their part of each.
TEST(SeededRotationTest, SpreadsEveryAxisOverAllNumbersAtOtherWidths) {
  for (const std::string kind : {"hadamard", "dense"}) {
    for (const int64_t width : {24, 33, 48, 65, 96, 100, 127, 160, 255}) {
      const Eigen::MatrixXd matrix = MatrixOf(*Rotation(kind, 1, width));
      EXPECT_LT(matrix.cwiseAbs().maxCoeff() * std::sqrt(static_cast<double>(width)), 4.9)
          << kind << width;
      if (kind == "dense") continue;
      const Eigen::VectorXd upper = matrix.topRows(width / 2).colwise().squaredNorm();
      EXPECT_GT(upper.minCoeff(), 0.2) << width;
      EXPECT_LT(upper.maxCoeff(), 0.8) << width;
    }
  }
}

// Rotated directions of any row are uniform: a number has mean 0 and variance 1/w, and its
// fourth moment is 3 / (w (w + 2)).
TEST(SeededRotationTest, DenseRotationsAreUniform) {
  constexpr int64_t kWidth = 6;
  constexpr int kDraws = 20000;
  double squares = 0;
  double fourths = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<double> row = {0.6, 0, 0, -0.8, 0, 0};
    Rotation("dense", static_cast<uint64_t>(draw), kWidth)->Apply(absl::MakeSpan(row));
    squares += row[4] * row[4] / kDraws;
    fourths += row[4] * row[4] * row[4] * row[4] / kDraws;
  }
  EXPECT_NEAR(squares, 1.0 / kWidth, 0.006);
  EXPECT_NEAR(fourths, 3.0 / (kWidth * (kWidth + 2)), 0.005);
}

TEST(SeededRotationTest, RefusesADenseRotationThatTakesTooLong) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("any:rotation=dense").value();
  EXPECT_THAT(SeededRotation::Create(spec, 1, 2049),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^33")));
  EXPECT_THAT(SeededRotation::Create(spec, 1, 131072),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^33")));
  EXPECT_THAT(SeededRotation::Create(AlgorithmSpec::Parse("any:rotation=qr").value(), 1, 4),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("hadamard, dense")));
}

TEST(OrthonormalRowsTest, AreOrthonormalInAnyNumber) {
  for (const auto& [count, width] : {std::pair<int64_t, int64_t>{1, 1},
                                     {1, 5},
                                     {3, 5},
                                     {5, 5},
                                     {40, 64},
                                     {64, 64},
                                     {200, 200}}) {
    const std::vector<double> rows = OrthonormalRows(CounterRng(3, 4), 11, count, width);
    const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> matrix(
        rows.data(), count, width);
    EXPECT_LT((matrix * matrix.transpose() - Eigen::MatrixXd::Identity(count, count))
                  .cwiseAbs()
                  .maxCoeff(),
              1e-11);
  }
}

// Gram-Schmidt keeps the direction of the first draw and, of each, what is new in it.
TEST(OrthonormalRowsTest, BeginFromTheDocumentedDraws) {
  const CounterRng rng(3, 4);
  const std::vector<double> rows = OrthonormalRows(rng, 100, 2, 3);
  const Eigen::Vector3d first(rng.Normal(100), rng.Normal(101), rng.Normal(102));
  const Eigen::Vector3d second(rng.Normal(103), rng.Normal(104), rng.Normal(105));
  const Eigen::Vector3d unit = first.normalized();
  const Eigen::Vector3d rest = (second - second.dot(unit) * unit).normalized();
  for (int j = 0; j < 3; ++j) {
    EXPECT_NEAR(rows[j], unit[j], 1e-14);
    EXPECT_NEAR(rows[3 + j], rest[j], 1e-14);
  }
}

}  // namespace
}  // namespace kvwire
