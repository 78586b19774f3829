#include "common/attention/mass_tile.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/base/counter_rng.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr int64_t kDims = 9;

Matrix Normals(uint64_t stream, int64_t rows) {
  const CounterRng rng(1, stream);
  Matrix matrix(rows, kDims);
  for (int64_t i = 0; i < rows * kDims; ++i) {
    matrix.data()[i] = static_cast<float>(rng.Normal(static_cast<uint64_t>(i)));
  }
  return matrix;
}

// exp(C (<q, k> - s)), its exponent cut.
long double Term(const Matrix& queries, int64_t query, const Matrix& keys, int64_t key,
                 long double sharpness, long double self) {
  long double product = 0;
  for (int64_t j = 0; j < kDims; ++j) {
    product += static_cast<long double>(queries(query, j)) * keys(key, j);
  }
  return std::exp(std::clamp(sharpness * (product - self), -80.0L, 80.0L));
}

void ExpectNear(double sum, long double truth) {
  EXPECT_NEAR(sum, static_cast<double>(truth), 2e-5 * static_cast<double>(truth));
}

void ExpectSums(int64_t count, int64_t width, double sharpness) {
  const Matrix queries = Normals(1, count);
  const Matrix keys = Normals(2, width);
  MassTile tile(8, kDims, sharpness);
  // Of more queries, to be replaced.
  tile.Multiply(Normals(3, 8), MatrixView(keys.data(), width, kDims));
  tile.Multiply(queries, MatrixView(keys.data(), width, kDims));

  std::vector<double> selves(static_cast<size_t>(width));
  std::vector<long double> of_keys(selves.size(), 0);
  std::vector<double> sums(selves.size(), 0);
  for (int64_t key = 0; key < width; ++key) {
    selves[key] = 0.25 * static_cast<double>(key % 8);
    for (int64_t i = 0; i < count; ++i) {
      of_keys[key] += Term(queries, i, keys, key, sharpness, selves[key]);
    }
  }
  tile.AddSumsOfKeys(selves, absl::MakeSpan(sums));
  for (int64_t key = 0; key < width; ++key) ExpectNear(sums[key], of_keys[key]);

  for (int64_t i = 0; i < count; ++i) {
    for (int64_t first = 0; first < width; first += 5) {
      long double sum = 0;
      for (int64_t key = first; key < width; ++key) {
        sum += Term(queries, i, keys, key, sharpness, 1.5L);
      }
      ExpectNear(tile.SumOfQuery(i, 1.5, first, width), sum);
    }
    EXPECT_EQ(tile.SumOfQuery(i, 1.5, 0, 0), 0);
    EXPECT_EQ(tile.SumOfQuery(i, 1.5, width, width), 0);
  }
}

TEST(MassTileTest, SumsAreThoseOfTheDefinitionForAnyNumberOfQueriesAndKeys) {
  for (int64_t count = 1; count <= 8; ++count) {
    for (int64_t width = 1; width <= MassTile::kKeys; ++width) ExpectSums(count, width, 0.5);
  }
}

TEST(MassTileTest, KeysBeforeTheLastOnesCountAlone) {
  const Matrix queries = Normals(1, 1);
  const Matrix keys = Normals(2, 20);
  MassTile tile(1, kDims, 0.5);
  tile.Multiply(queries, MatrixView(keys.data(), 20, kDims));
  for (int64_t first = 0; first < 20; ++first) {
    for (int64_t last = first; last <= 20; ++last) {
      long double sum = 0;
      for (int64_t key = first; key < last; ++key) sum += Term(queries, 0, keys, key, 0.5L, 0);
      ExpectNear(tile.SumOfQuery(0, 0, first, last), sum);
    }
  }
}

TEST(MassTileTest, ExponentsAreCutAtEightyOnBothSides) {
  for (const double sharpness : {30.0, 1e6}) ExpectSums(8, MassTile::kKeys, sharpness);
  const Matrix one = Matrix::Constant(1, kDims, 1);
  for (const double self : {-1e3, 1e3}) {
    MassTile tile(1, kDims, 1);
    tile.Multiply(one, MatrixView(one.data(), 1, kDims));
    double sum = 0;
    tile.AddSumsOfKeys({self}, absl::MakeSpan(&sum, 1));
    ExpectNear(sum, std::exp(self < 0 ? 80.0L : -80.0L));
    ExpectNear(tile.SumOfQuery(0, self, 0, 1), std::exp(self < 0 ? 80.0L : -80.0L));
  }
}

}  // namespace
}  // namespace kvwire
