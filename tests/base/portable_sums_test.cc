#include "common/base/portable_sums.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

std::vector<float> Random(size_t count, std::mt19937_64& random) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = std::ldexp(static_cast<float>(random() % 20001) - 1e4F, -12);
  return numbers;
}

// The order that the header promises, term by term.
double InOrder(const std::vector<double>& terms) {
  std::vector<double> part(8, 0.0);
  for (size_t j = 0; j < terms.size(); ++j) part[j % 8] += terms[j];
  for (const size_t step : {1, 2, 4}) {
    for (size_t i = 0; i < 8; i += 2 * step) part[i] += part[i + step];
  }
  return part[0];
}

TEST(PortableSumsTest, AddTermsInTheOneOrderThatIsDocumented) {
  std::mt19937_64 random(1);
  for (size_t count = 0; count <= 70; ++count) {
    const std::vector<float> a = Random(count, random);
    const std::vector<float> b = Random(count, random);
    std::vector<double> products;
    std::vector<double> squares;
    for (size_t j = 0; j < count; ++j) {
      products.push_back(double{a[j]} * b[j]);
      squares.push_back((double{a[j]} - b[j]) * (double{a[j]} - b[j]));
    }
    EXPECT_EQ(PortableDot(a, b), InOrder(products)) << count;
    EXPECT_EQ(PortableSquaredDistance(a, b), InOrder(squares)) << count;
    EXPECT_EQ(PortableSquaredNorm(a), PortableDot(a, a)) << count;
  }
}

TEST(PortableSumsTest, HoldTheLargestFloatsAndTheSmallest) {
  const float most = std::numeric_limits<float>::max();
  const float least = std::numeric_limits<float>::denorm_min();
  const std::vector<float> large(65536, most);
  const std::vector<float> small(3, least);
  std::vector<float> other(65536, -most);
  EXPECT_NEAR(PortableSquaredNorm(large) / (65536 * (double{most} * most)), 1, 1e-12);
  EXPECT_EQ(PortableSquaredDistance(large, other), 4 * PortableSquaredNorm(large));
  EXPECT_EQ(PortableSquaredNorm(small), 3 * (double{least} * least));
  EXPECT_GT(PortableSquaredNorm(small), 0);
}

}  // namespace
}  // namespace kvwire
