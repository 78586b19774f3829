#include "common/base/lane_products.h"

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

void ExpectSums(const std::vector<int64_t>& places) {
  const std::vector<float> rows = Numbers(2, kProductLanes * kWidth);
  const std::vector<float> vectors = Numbers(3, int64_t{kProductVectors} * kWidth);
  std::vector<float> columns(kWidth * kProductLanes);
  PackLanes(rows.data(), kProductLanes, kWidth, columns.data());
  LaneProducts products;
  MultiplyLanes({&vectors[0], &vectors[kWidth], &vectors[2 * kWidth], &vectors[3 * kWidth]},
                places, columns.data(), products);
  for (size_t v = 0; v < kProductVectors; ++v) {
    for (size_t lane = 0; lane < kProductLanes; ++lane) {
      float sum = 0;
      for (const int64_t at : places)
        sum += rows[lane * kWidth + at] * vectors[v * kWidth + at];
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

}  // namespace
}  // namespace kvwire
