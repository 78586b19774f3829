#include "client/fitted_exponent.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(FittedExponentTest, APowerLawGivesItsExponent) {
  for (double exponent : {-1.5, 0.0, 1.0, 2.0, 3.25}) {
    for (double factor : {1e-6, 1.0, 7e9}) {
      const std::vector<double> x = {8, 16, 64, 100};
      std::vector<double> y;
      for (double value : x) y.push_back(factor * std::pow(value, exponent));
      EXPECT_NEAR(FittedExponent(x, y), exponent, 1e-12) << factor;
    }
  }
}

TEST(FittedExponentTest, TwoPointsGiveTheirSlope) {
  EXPECT_NEAR(FittedExponent({64, 128}, {1000, 4000}), 2, 1e-12);
  EXPECT_NEAR(FittedExponent({128, 64}, {1000, 4000}), -2, 1e-12);
}

TEST(FittedExponentTest, PointsOffTheLineAreFittedByLeastSquares) {
  // By hand, in powers of 2: (0, 0), (1, 1), (2, 4) gives 2; (0, 3), (1, 0), (2, 0),
  // (3, 1) gives (-1.5 x 3 + 1.5) / 5 = -0.6.
  EXPECT_NEAR(FittedExponent({1, 2, 4}, {1, 2, 16}), 2, 1e-12);
  EXPECT_NEAR(FittedExponent({1, 2, 4, 8}, {8, 1, 1, 2}), -0.6, 1e-12);
}

}  // namespace
}  // namespace kvwire
