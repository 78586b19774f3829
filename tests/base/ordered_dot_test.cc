#include "common/base/ordered_dot.h"

#include <cmath>
#include <vector>

#include "common/base/counter_rng.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

std::vector<float> Numbers(uint64_t stream, size_t count) {
  const CounterRng rng(1, stream);
  std::vector<float> numbers;
  for (size_t i = 0; i < count; ++i) numbers.push_back(static_cast<float>(rng.Normal(i)));
  return numbers;
}

TEST(OrderedDotTest, IsTheInnerProductAtEveryLength) {
  for (size_t count = 0; count < 40; ++count) {
    const std::vector<float> a = Numbers(1, count);
    const std::vector<float> b = Numbers(2, count);
    long double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += static_cast<long double>(a[i]) * b[i];
    const double dot = OrderedDot<float, float>(a, b);
    EXPECT_NEAR(dot, static_cast<double>(sum), 1e-13) << count;
    EXPECT_NEAR(OrderedNorm<float>(a), std::sqrt(OrderedDot<float, float>(a, a)), 1e-15);
  }
}

// The documented sum, number by number.
template <typename A, typename B>
double SumInOrder(const std::vector<A>& a, const std::vector<B>& b) {
  std::vector<double> sums(8);
  for (size_t i = 0; i < a.size(); ++i) {
    sums[i % 8] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  while (sums.size() > 1) {
    std::vector<double> halves;
    for (size_t i = 0; i < sums.size(); i += 2) halves.push_back(sums[i] + sums[i + 1]);
    sums = halves;
  }
  return sums[0];
}

TEST(OrderedDotTest, IsTheDocumentedSumToTheBitAtEveryLengthOfEitherType) {
  for (size_t count = 0; count < 70; ++count) {
    const std::vector<float> a = Numbers(3, count);
    const std::vector<float> b = Numbers(4, count);
    const std::vector<double> wide(b.begin(), b.end());
    EXPECT_EQ((OrderedDot<float, float>(a, b)), SumInOrder(a, b)) << count;
    EXPECT_EQ((OrderedDot<float, double>(a, wide)), SumInOrder(a, wide)) << count;
    EXPECT_EQ((OrderedDot<double, double>(wide, wide)), SumInOrder(wide, wide)) << count;
  }
}

// Powers of two far enough apart that a sum in any other order has other bits.
TEST(OrderedDotTest, AddsInTheDocumentedOrder) {
  const std::vector<double> a = {1, 0x1p-53, 0x1p-53, 0, 1, 0, 0, 0, 0x1p-53};
  const std::vector<double> ones(a.size(), 1);
  // Number 8 follows 0 in the same partial sum, where it is lost; 1 and 2 are lost one by
  // one, and would not be together.
  EXPECT_EQ((OrderedDot<double, double>(a, ones)), 2);
  const std::vector<double> b = {0, 0, 0x1p-53, 0x1p-53, 1, 0, 0, 0};
  EXPECT_EQ((OrderedDot<double, double>(b, std::vector<double>(8, 1))), 1 + 0x1p-52);
}

}  // namespace
}  // namespace kvwire
