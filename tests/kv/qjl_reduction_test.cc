// How many of Alice's bits Bob misreads when the keys were sketched by QJL, at the paper's
// sharpness and with values that are exact: the error falls with the number of signs, and
// d, 2 d and 4 d of them do for 32 and more dimensions.

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"

namespace kvwire {
namespace {

struct Problem {
  KeyFrameKind keys = KeyFrameKind::kUnit;
  int64_t side = 0;  // n; the pyramid's (n^2 - 1) / 3 rows, and n^2 zero tokens of Bob's
  int64_t dims = 0;

  int64_t rows() const { return (side * side - 1) / 3; }
};

// By a threshold at half the weight that the real rows have under the public keys.
double BitError(const Problem& problem, const std::string& spec, uint64_t seed) {
  const int64_t rows = problem.rows();
  const int64_t zeros = problem.side * problem.side;
  const double sharpness = 2 * std::log(static_cast<double>(rows + zeros - 1)) / (1 - 0.1);
  Tokens tokens{Matrix(rows, problem.dims), Matrix(rows, problem.dims)};
  KeyFrame::Create(problem.keys, seed, rows, problem.dims).value().Fill(0, tokens.keys);
  std::mt19937_64 random(seed);
  for (float& bit : tokens.values.reshaped()) bit = static_cast<float>(random() % 2);
  CacheSetup setup = SetupOf(spec, problem.dims);
  setup.seed = seed;
  auto cache = NewCache(setup);
  EXPECT_EQ(cache->Append(tokens.Block()), absl::OkStatus());
  EXPECT_EQ(cache->Append(ZeroScale(zeros)), absl::OkStatus());
  const Matrix answers = Attended(*cache, static_cast<float>(sharpness) * tokens.keys);
  const Eigen::MatrixXd keys = tokens.keys.cast<double>();
  int64_t errors = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const double real = (sharpness * (keys * keys.row(i).transpose())).array().exp().sum();
    const double threshold = real / (real + static_cast<double>(zeros)) / 2;
    for (int64_t j = 0; j < problem.dims; ++j) {
      errors += (answers(i, j) > threshold) != (tokens.values(i, j) > 0.5F) ? 1 : 0;
    }
  }
  return static_cast<double>(errors) / static_cast<double>(rows * problem.dims);
}

// The mean over draws of keys and of sketches.
double MeanBitError(const Problem& problem, int64_t signs, const std::string& rows) {
  constexpr int kDraws = 4;
  double sum = 0;
  for (uint64_t seed = 1; seed <= kDraws; ++seed) {
    sum += BitError(
        problem,
        absl::StrCat("qjl:buffer=1,outliers=0,vbuffer=0,vbits=1,m=", signs, ",rows=", rows),
        seed);
  }
  return sum / kDraws;
}

struct Row {
  Problem problem;
  int64_t signs_per_dim;
  double least, largest;
};

TEST(QjlReductionTest, GaussianSketchesMisreadAsManyBitsAsMeasured) {
  const Problem raw16{KeyFrameKind::kGaussian, 32, 16};
  const Problem raw32{KeyFrameKind::kGaussian, 32, 32};
  const Problem raw64{KeyFrameKind::kGaussian, 32, 64};
  const Problem unit12{KeyFrameKind::kUnit, 32, 12};
  const Problem unit24{KeyFrameKind::kUnit, 32, 24};
  for (const Row& row :
       {Row{raw16, 1, 0.25, 0.32}, Row{raw16, 2, 0.14, 0.20}, Row{raw16, 4, 0.09, 0.13},
        Row{raw32, 1, 0.025, 0.06}, Row{raw32, 2, 0.004, 0.014}, Row{raw32, 4, 0.0008, 0.005},
        Row{raw64, 2, 0, 0.0003}, Row{unit12, 1, 0.12, 0.20}, Row{unit12, 2, 0.006, 0.018},
        Row{unit12, 4, 0, 0.0008}, Row{unit24, 1, 0.0001, 0.002}, Row{unit24, 2, 0, 0}}) {
    const double error =
        MeanBitError(row.problem, row.signs_per_dim * row.problem.dims, "gaussian");
    EXPECT_GE(error, row.least) << row.problem.dims << " " << row.signs_per_dim;
    EXPECT_LE(error, row.largest) << row.problem.dims << " " << row.signs_per_dim;
  }
}

TEST(QjlReductionTest, OrthogonalSketchesMisreadAFractionOfThose) {
  const Problem unit12{KeyFrameKind::kUnit, 32, 12};
  const double error = MeanBitError(unit12, 12, "orthogonal");
  EXPECT_GT(error, 0.02);
  EXPECT_LT(error, 0.5 * MeanBitError(unit12, 12, "gaussian"));
}

}  // namespace
}  // namespace kvwire
