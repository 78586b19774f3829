#include "common/attention/interference.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "common/base/parallel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

using Rows = std::vector<std::vector<long double>>;

Rows KeysOf(const KeyFrame& frame) {
  Matrix keys(frame.rows(), frame.dims());
  frame.Fill(0, keys);
  Rows rows(static_cast<size_t>(frame.rows()));
  for (int64_t i = 0; i < frame.rows(); ++i) {
    for (int64_t j = 0; j < frame.dims(); ++j) rows[i].push_back(keys(i, j));
  }
  return rows;
}

long double Product(const std::vector<long double>& a, const std::vector<long double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0L);
}

// W_i(C) by its definition.
long double Interference(const Rows& keys, size_t i, double sharpness) {
  long double sum = 0;
  for (size_t m = 0; m < keys.size(); ++m) {
    if (m == i) continue;
    sum += std::exp(sharpness * (Product(keys[m], keys[i]) - Product(keys[i], keys[i])));
  }
  return sum;
}

long double LargestInterference(const Rows& keys, double sharpness) {
  long double largest = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    largest = std::max(largest, Interference(keys, i, sharpness));
  }
  return largest;
}

KeyFrame Frame(KeyFrameKind kind, int64_t rows, int64_t dims, uint64_t seed = 1) {
  return KeyFrame::Create(kind, seed, rows, dims).value();
}

std::vector<int64_t> AllRows(int64_t rows) {
  std::vector<int64_t> all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(MeasureRowsTest, AgreesWithTheDefinition) {
  for (const KeyFrameKind kind :
       {KeyFrameKind::kUnit, KeyFrameKind::kGaussian, KeyFrameKind::kCode}) {
    const KeyFrame frame = Frame(kind, 200, 32);
    const Rows keys = KeysOf(frame);
    for (const double sharpness : {0.5, 6.0, 12.0, 40.0}) {
      const std::vector<RowMass> rows = MeasureRows(frame, sharpness, AllRows(200));
      ASSERT_EQ(rows.size(), 200u);
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto truth = static_cast<double>(Interference(keys, i, sharpness));
        ASSERT_NEAR(rows[i].interference, truth, 1e-4 * truth);
        ASSERT_NEAR(rows[i].self_score,
                    sharpness * static_cast<double>(Product(keys[i], keys[i])),
                    1e-12 * sharpness);
      }
    }
  }
}

TEST(MeasureRowsTest, TakesRowsInAnyOrderAndMoreThanOnce) {
  const KeyFrame frame = Frame(KeyFrameKind::kUnit, 700, 16);
  const std::vector<RowMass> all = MeasureRows(frame, 9, AllRows(700));
  std::vector<int64_t> some = {699, 0, 512, 511, 0, 3};
  // A few, most of them, and more than there are.
  for (const size_t count : {size_t{6}, size_t{524}, size_t{526}, size_t{1000}}) {
    while (some.size() < count) some.push_back(699 - static_cast<int64_t>(some.size()) % 700);
    const std::vector<RowMass> rows = MeasureRows(frame, 9, some);
    ASSERT_EQ(rows.size(), count);
    for (size_t i = 0; i < some.size(); ++i) {
      EXPECT_NEAR(rows[i].interference, all[some[i]].interference,
                  1e-5 * all[some[i]].interference);
      EXPECT_EQ(rows[i].self_score, all[some[i]].self_score);
    }
  }
  EXPECT_TRUE(MeasureRows(frame, 9, {}).empty());
}

TEST(MeasureRowsTest, OneRowAloneHasNoInterference) {
  const std::vector<RowMass> rows =
      MeasureRows(Frame(KeyFrameKind::kGaussian, 1, 5), 3, std::vector<int64_t>{0});
  EXPECT_EQ(rows[0].interference, 0);
}

// In one dimension there are two keys only, so that they repeat, and the oracle must
// agree.
TEST(SolveSharpnessTest, IsTheLeastStepForEverySmallUnitFrameThatHasOne) {
  int solved = 0;
  for (int64_t dims = 1; dims <= 6; ++dims) {
    for (int64_t rows = 1; rows <= 12; ++rows) {
      for (uint64_t seed = 0; seed < 4; ++seed) {
        const KeyFrame frame = Frame(KeyFrameKind::kUnit, rows, dims, seed);
        const Rows keys = KeysOf(frame);
        const absl::StatusOr<double> answer = SolveSharpness(frame, 0.1);
        ASSERT_EQ(answer.ok(), LargestInterference(keys, kLargestSharpness) <= 0.1L);
        if (!answer.ok()) continue;
        ++solved;
        const double c = *answer;
        ASSERT_EQ(std::fmod(c, kSharpnessStep), 0);
        ASSERT_LE(LargestInterference(keys, c), 0.1L);
        if (c > kSharpnessStep) {
          ASSERT_GT(LargestInterference(keys, c - kSharpnessStep), 0.1L);
        }
      }
    }
  }
  EXPECT_GT(solved, 235);
  EXPECT_LT(solved, 260);
}

TEST(SolveSharpnessTest, IsTheLeastStepForLargerFramesOfEveryKind) {
  for (const KeyFrameKind kind :
       {KeyFrameKind::kUnit, KeyFrameKind::kGaussian, KeyFrameKind::kCode}) {
    const KeyFrame frame = Frame(kind, 341, 64);
    const Rows keys = KeysOf(frame);
    for (const double mass : {0.9, 0.1, 1e-6}) {
      const double c = SolveSharpness(frame, mass).value();
      EXPECT_LE(LargestInterference(keys, c), mass);
      EXPECT_GT(LargestInterference(keys, c - kSharpnessStep), mass);
    }
  }
}

// Rows beyond the first ones are looked at otherwise, and here one of them is the loudest.
TEST(SolveSharpnessTest, IsTheLeastStepWhereTheLoudestRowComesLate) {
  const KeyFrame frame = Frame(KeyFrameKind::kUnit, 4200, 24, /*seed=*/1);
  const Rows keys = KeysOf(frame);
  const double c = SolveSharpness(frame, 0.1).value();
  EXPECT_LE(LargestInterference(keys, c), 0.1L);
  const auto loud = [&](size_t i) { return Interference(keys, i, c - kSharpnessStep) > 0.1L; };
  size_t loudest = 0;
  while (loudest < keys.size() && !loud(loudest)) ++loudest;
  EXPECT_LT(loudest, keys.size());
  EXPECT_GE(loudest, 1024u);
}

TEST(SolveSharpnessTest, OneRowNeedsOnlyTheLeastStep) {
  EXPECT_EQ(SolveSharpness(Frame(KeyFrameKind::kUnit, 1, 4), 0.1).value(), kSharpnessStep);
}

// C with W <= 0.1 for whole Kerdock codes, from their distance distribution: inner
// products 0 (2d - 2 words), +-1/sqrt(d) (d^2/2 - d each) and -1 (one).
TEST(SolveSharpnessTest, FullKerdockCodesNeedWhatTheirDistanceDistributionSays) {
  for (const double d : {4.0, 16.0, 64.0}) {
    const auto dims = static_cast<int64_t>(d);
    const double c =
        SolveSharpness(Frame(KeyFrameKind::kCode, dims * dims, dims), 0.1).value();
    const auto mass = [d](double sharpness) {
      const double mu = 1 / std::sqrt(d);
      return (2 * d - 2) * std::exp(-sharpness) + std::exp(-2 * sharpness) +
             (d * d / 2 - d) *
                 (std::exp(sharpness * (mu - 1)) + std::exp(sharpness * (-mu - 1)));
    };
    EXPECT_LE(mass(c), 0.1);
    EXPECT_GT(mass(c - kSharpnessStep), 0.1);
  }
}

// Values of an independent prototype, rounded there to one decimal and here up to a
// sixteenth. The last code is taken whole, so the order of its words does not matter.
TEST(SolveSharpnessTest, CodeFramesNeedWhatAnIndependentPrototypeFound) {
  struct Row {
    int64_t rows, dims;
    double sharpness;
  };
  for (const Row& row : {Row{21, 16, 5.3},
                         {256, 16, 9.4},
                         {341, 32, 9.2},
                         {424, 32, 9.4},
                         {1365, 32, 11.0},
                         {2048, 32, 11.5},
                         {4096, 64, 11.4}}) {
    const double c =
        SolveSharpness(Frame(KeyFrameKind::kCode, row.rows, row.dims), 0.1).value();
    EXPECT_GE(c, row.sharpness - 0.05) << row.rows;
    EXPECT_LE(c, row.sharpness + 0.05 + kSharpnessStep) << row.rows;
  }
}

TEST(SolveSharpnessTest, DoesNotDependOnTheNumberOfThreads) {
  for (const KeyFrameKind kind : {KeyFrameKind::kUnit, KeyFrameKind::kCode}) {
    const KeyFrame frame = Frame(kind, 1365, 64);
    SetParallelThreads(4);
    const double many = SolveSharpness(frame, 0.1).value();
    SetParallelThreads(1);
    EXPECT_EQ(SolveSharpness(frame, 0.1).value(), many);
  }
  SetParallelThreads(0);
}

// The mass sits within rounding of the largest W at a step of the grid, on either side.
// In so many dimensions all rows are nearly as loud as the loudest, so that C is often
// at that step already when its float32 sum, off by 1e-6, is looked at.
TEST(SolveSharpnessTest, DecidesExactlyWhereFloat32Cannot) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const KeyFrame frame = Frame(KeyFrameKind::kUnit, 24, 512, seed);
    const auto mass = static_cast<double>(LargestInterference(KeysOf(frame), 6));
    ASSERT_EQ(SolveSharpness(frame, mass * (1 + 1e-12)).value(), 6);
    ASSERT_EQ(SolveSharpness(frame, mass * (1 - 1e-12)).value(), 6 + kSharpnessStep);
  }
}

void ExpectNoSharpness(const KeyFrame& frame) {
  const absl::Status status = SolveSharpness(frame, 0.1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("take more dimensions"));
}

TEST(SolveSharpnessTest, FailsWhereKeysRepeat) {
  ExpectNoSharpness(Frame(KeyFrameKind::kUnit, 3, 1));
}

TEST(SolveSharpnessTest, FailsWhereALongKeyOutshinesAShortOne) {
  ExpectNoSharpness(Frame(KeyFrameKind::kGaussian, 341, 4));
}

TEST(SolveSharpnessTest, RefusesAMassThatIsNotBetweenZeroAndOne) {
  const KeyFrame frame = Frame(KeyFrameKind::kUnit, 3, 4);
  for (const double mass : {-1.0, 0.0, 1.0, 2.0, std::nan("")}) {
    EXPECT_EQ(SolveSharpness(frame, mass).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kvwire
