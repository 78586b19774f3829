#include "common/base/binary_entropy.h"

#include <algorithm>

#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr double kLn2 = 0.69314718055994530942;

// -ln(1 - x), 0 <= x < 1: by its series where 1 - x would round x away.
double MinusLogOfComplement(double x) {
  if (x > 0x1p-5) return -PortableLog(1 - x);
  double sum = 0;
  for (int k = 12; k >= 1; --k) sum = x * (sum + 1.0 / k);
  return sum;
}

// 1 - H_b((1 - bias) / 2) = sum_k bias^2k / (2k (2k - 1)) / ln 2, for bias^2 <= 1/4.
double RateOfSmallBias(double bias) {
  const double square = bias * bias;
  double sum = 0;
  for (int k = 27; k >= 1; --k) sum = square * (sum + 1.0 / (2 * k * (2 * k - 1)));
  return sum / kLn2;
}

}  // namespace

double BinaryEntropy(double p) {
  const double q = std::min(p, 1 - p);
  if (q <= 0) return 0;
  if (p == 0.5) return 1;
  return ((1 - q) * MinusLogOfComplement(q) - q * PortableLog(q)) / kLn2;
}

double RateDistortion(double distortion) {
  const double bias = 1 - 2 * distortion;
  return bias <= 0.5 ? RateOfSmallBias(bias) : 1 - BinaryEntropy(distortion);
}

double DistortionAtRate(double rate) {
  double low = 0;
  double high = 0.5;
  // 60 halvings leave less than the last place of a D from 2^-8 up, and 2^-61 below.
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (RateDistortion(middle) > rate ? low : high) = middle;
  }
  return high;
}

}  // namespace kvwire
