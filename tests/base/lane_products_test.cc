#include "common/base/lane_products.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "common/base/counter_rng.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr int64_t kWidth = 37;

std::vector<float> Numbers(uint64_t stream, int64_t count) {
  const CounterRng rng(1, stream);
  std::vector<float> numbers;
  for (int64_t i = 0; i < count; ++i) {
    numbers.push_back(static_cast<float>(rng.Normal(static_cast<uint64_t>(i))));
  }
  return numbers;
}

TEST(LaneProductsTest, RowsLieSideBySideAndZerosBesideThem) {
  const std::vector<float> rows = Numbers(1, kProductLanes * kWidth);
  for (int64_t count = 1; count <= kProductLanes; ++count) {
    std::vector<float> columns(kWidth * kProductLanes, NAN);
    PackLanes(rows.data(), count, kWidth, columns.data());
    for (int64_t i = 0; i < kWidth; ++i) {
      for (int64_t lane = 0; lane < kProductLanes; ++lane) {
        EXPECT_EQ(columns[i * kProductLanes + lane],
                  lane < count ? rows[lane * kWidth + i] : 0.0F);
      }
    }
  }
}

// The vectors from `first` on, of which there may be fewer than are multiplied at once.
void ExpectSums(const std::vector<int64_t>& places, int64_t first = 0) {
  const std::vector<float> rows = Numbers(2, kProductLanes * kWidth);
  const std::vector<float> vectors = Numbers(3, int64_t{kProductVectors} * kWidth);
  std::vector<float> columns(kWidth * kProductLanes);
  PackLanes(rows.data(), kProductLanes, kWidth, columns.data());
  LaneProducts products;
  MultiplyLanes(MatrixView(vectors.data(), kProductVectors, kWidth), first, places,
                columns.data(), products);
  for (size_t v = 0; v < kProductVectors; ++v) {
    const size_t row = std::min(static_cast<size_t>(first) + v, kProductVectors - 1);
    for (size_t lane = 0; lane < kProductLanes; ++lane) {
      float sum = 0;
      for (const int64_t at : places)
        sum += rows[lane * kWidth + at] * vectors[row * kWidth + at];
      EXPECT_EQ(products[v * kProductLanes + lane], sum) << v << " " << lane;
    }
  }
}

TEST(LaneProductsTest, AreTheSumsInTheOrderOfThePlacesToTheBit) {
  std::vector<int64_t> all(kWidth);
  std::iota(all.begin(), all.end(), 0);
  ExpectSums(all);
  ExpectSums({});
  ExpectSums({kWidth - 1});
  ExpectSums({30, 2, 3, 0, 36});
}

TEST(LaneProductsTest, TheLastVectorStandsInForThoseThatAreMissing) {
  for (int64_t first = 0; first < int64_t{kProductVectors}; ++first) ExpectSums({4, 9}, first);
}

}  // namespace
}  // namespace kvwire
