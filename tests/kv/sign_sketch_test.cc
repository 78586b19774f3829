#include "common/kv/algorithms/sign_sketch.h"

#include <cmath>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/decoded_rows.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<const SignSketch> Sketch(bool orthogonal, uint64_t seed, int64_t count,
                                         int64_t width) {
  return SignSketch::Create(orthogonal, seed, count, width).value();
}

// The rows: what a decoded vector changes by if one sign does.
Matrix RowsOf(const SignSketch& sketch, double inverse_mean) {
  std::vector<float> signs(static_cast<size_t>(sketch.count()), 1);
  Matrix rows(sketch.count(), sketch.width());
  Matrix both(2, sketch.width());
  const auto decode = [&](int64_t row) {
    sketch.Decode(signs, {both.row(row).data(), static_cast<size_t>(sketch.width())});
  };
  decode(0);
  for (int64_t i = 0; i < sketch.count(); ++i) {
    signs[i] = -1;
    decode(1);
    signs[i] = 1;
    rows.row(i) = (both.row(0) - both.row(1)) *
                  static_cast<float>(static_cast<double>(sketch.count()) / (2 * inverse_mean));
  }
  return rows;
}

TEST(MeanSphereCoordinateTest, IsTheRatioOfGammaFunctions) {
  for (int64_t width = 1; width <= 300; ++width) {
    const auto w = static_cast<double>(width);
    const double expected = std::sqrt(w / std::numbers::pi) *
                            std::exp(std::lgamma(w / 2) - std::lgamma((w + 1) / 2));
    EXPECT_NEAR(MeanSphereCoordinate(width), expected, 1e-12) << width;
  }
  // On its way to that of a normal number.
  EXPECT_NEAR(MeanSphereCoordinate(128) * std::sqrt(std::numbers::pi / 2), 1 + 1.0 / (4 * 128),
              1e-5);
}

TEST(SignSketchTest, OrthogonalRowsAreSoInGroupsAndHaveLengthRootW) {
  const Matrix rows = RowsOf(*Sketch(true, 3, 13, 5), 1 / MeanSphereCoordinate(5));
  const Matrix products = rows * rows.transpose() / 5;
  for (int64_t i = 0; i < 13; ++i) {
    for (int64_t j = 0; j < 13; ++j) {
      if (i / 5 != j / 5) continue;
      EXPECT_NEAR(products(i, j), i == j ? 1 : 0, 1e-4) << i << " " << j;
    }
  }
  EXPECT_GT((products.block(0, 5, 5, 5)).cwiseAbs().maxCoeff(), 0.1);
}

TEST(SignSketchTest, GaussianRowsAreStandardNormal) {
  const Matrix rows = RowsOf(*Sketch(false, 3, 200, 50), std::sqrt(std::numbers::pi / 2));
  EXPECT_NEAR(rows.mean(), 0, 0.04);
  EXPECT_NEAR(rows.squaredNorm() / 10000, 1, 0.05);
  EXPECT_NEAR(rows.array().pow(4).mean(), 3, 0.3);
}

TEST(SignSketchTest, SignsAreThoseOfTheInnerProductsWhateverTheLength) {
  for (const bool orthogonal : {true, false}) {
    const auto sketch = Sketch(orthogonal, 5, 40, 9);
    const Matrix rows = RowsOf(
        *sketch, orthogonal ? 1 / MeanSphereCoordinate(9) : std::sqrt(std::numbers::pi / 2));
    for (const float length : {1e-6F, 1.0F, 3e4F}) {
      const Matrix vector = length * UnitRows(1, 9, 6);
      std::vector<float> signs(40);
      sketch->TakeSigns({vector.data(), 9}, absl::MakeSpan(signs));
      for (int64_t i = 0; i < 40; ++i) {
        EXPECT_EQ(signs[i], rows.row(i).dot(vector.row(0)) > 0 ? 1 : -1);
      }
    }
  }
  std::vector<float> signs(4);
  Sketch(true, 5, 4, 9)->TakeSigns(std::vector<float>(9), absl::MakeSpan(signs));
  EXPECT_THAT(signs, ::testing::Each(-1.0F));
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

// Of the estimate of <q, k> over sketches from many seeds.
Moments EstimateMoments(bool orthogonal, int64_t count, const Matrix& query, const Matrix& key,
                        int draws) {
  const auto width = static_cast<size_t>(key.cols());
  std::vector<float> signs(static_cast<size_t>(count));
  std::vector<float> decoded(width);
  double sum = 0;
  double squares = 0;
  for (int draw = 0; draw < draws; ++draw) {
    const auto sketch = Sketch(orthogonal, static_cast<uint64_t>(draw), count, key.cols());
    sketch->TakeSigns({key.data(), width}, absl::MakeSpan(signs));
    sketch->Decode(signs, absl::MakeSpan(decoded));
    double estimate = 0;
    for (size_t j = 0; j < width; ++j) estimate += double{decoded[j]} * query.data()[j];
    estimate *= key.norm();
    sum += estimate;
    squares += estimate * estimate;
  }
  const double mean = sum / draws;
  return {mean, (squares - sum * mean) / (draws - 1)};
}

TEST(SignSketchTest, EstimatesInnerProductsWithoutBiasAndWithTheVarianceOfTheory) {
  constexpr int kDraws = 20000;
  constexpr int64_t kCount = 16;
  const Matrix key = 3 * UnitRows(1, 6, 1);
  for (const float cosine : {0.0F, 0.5F, 1.0F}) {
    Matrix other = UnitRows(1, 6, 2);
    other -= other.row(0).dot(key.row(0)) / 9 * key;
    other.normalize();
    const Matrix query = 2 * (cosine / 3 * key + std::sqrt(1 - cosine * cosine) * other);
    const double product = 6 * cosine;
    const Moments moments = EstimateMoments(false, kCount, query, key, kDraws);
    const double variance = (std::numbers::pi / 2 * 4 * 9 - product * product) / kCount;
    EXPECT_NEAR(moments.mean, product, 4 * std::sqrt(variance / kDraws)) << cosine;
    EXPECT_NEAR(moments.variance, variance, 0.05 * variance) << cosine;
  }
}

// The constant of Gaussian rows, which the authors use for orthogonal ones too, would be
// 8.5 % too much at w = 3.
TEST(SignSketchTest, OrthogonalRowsHaveNoBiasEitherAndLessVariance) {
  constexpr int kDraws = 20000;
  for (const int64_t width : {1, 2, 3, 8}) {
    const Matrix key = UnitRows(1, width, 3);
    const Matrix query = (UnitRows(1, width, 4) + 2 * key).eval();
    const double product = query.row(0).dot(key.row(0));
    const Moments moments = EstimateMoments(true, 24, query, key, kDraws);
    const double gaussian =
        (std::numbers::pi / 2 * query.squaredNorm() - product * product) / 24;
    EXPECT_NEAR(moments.mean, product,
                4 * std::sqrt(moments.variance / kDraws) + 1e-5 * product);
    EXPECT_LT(moments.variance, 0.6 * gaussian) << width;
  }
}

TEST(SignSketchTest, RefusesToBeTooLarge) {
  EXPECT_THAT(SignSketch::Create(false, 1, 65536, 1025),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^26 numbers")));
  EXPECT_THAT(SignSketch::Create(true, 1, 8192, 8192),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^33 products")));
  EXPECT_THAT(SignSketch::Create(true, 1, 65536, 131072),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^26 numbers")));
}

}  // namespace
}  // namespace kvwire
