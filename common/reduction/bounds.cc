#include "common/reduction/bounds.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "common/reduction/binomial.h"

namespace kvwire {
namespace {

// Long double where the machine has more than a double; every error bound below
// holds with plain doubles too.
using Real = long double;
constexpr Real kLn2 = std::numbers::ln2_v<Real>;

Real MinusXLog2(Real x) { return x > 0 ? -x * std::log2(x) : 0; }

// 1 - H_b((1 - bias) / 2), to full relative accuracy also at small bias, where
// 1 - H_b(p) is all cancellation:
//   2 ln 2 (1 - H_b) = ln(1 - bias^2) + 2 bias artanh(bias).
Real OneMinusEntropy(Real bias) {
  bias = std::abs(bias);
  if (bias > Real{0.5}) {
    return 1 - MinusXLog2((1 - bias) / 2) - MinusXLog2((1 + bias) / 2);
  }
  return (std::log1p(-bias * bias) + 2 * bias * std::atanh(bias)) / (2 * kLn2);
}

// log2 V(n, k), 0 <= k <= n / 2: the largest term times the sum of the ratios of
// the others to it, descending.
Real Log2SmallBall(int64_t n, int64_t k) {
  Real sum = 1;
  Real term = 1;
  for (int64_t i = k; i > 0 && term > Real{1e-18}; --i) {
    term *= static_cast<Real>(i) / static_cast<Real>(n - i + 1);
    sum += term;
  }
  return Log2Binomial(n, k) + std::log2(sum);
}

}  // namespace

double IndexFloor(int64_t payload_bits, double error_rate) {
  return static_cast<double>(payload_bits * OneMinusEntropy(1 - 2 * Real{error_rate}));
}

double BlockFloor(int64_t payload_bits, int64_t block_bits, double success) {
  const Real guess = std::exp2(-static_cast<Real>(block_bits));
  if (success <= guess) return 0;
  const Real p = success;
  // log2(2^k - 1) = k + log2(1 - 2^-k), and (M / k) (1 - p) k joins the M in front.
  const Real missed = MinusXLog2(p) + MinusXLog2(1 - p) + (1 - p) * std::log1p(-guess) / kLn2;
  const Real blocks = static_cast<Real>(payload_bits) / block_bits;
  return std::max(0.0, static_cast<double>(p * payload_bits - blocks * missed));
}

int64_t FloorBits(int64_t payload_bits, int64_t errors) {
  // The floor is a whole number of bits at 0, M/2 and M errors only (elsewhere
  // 2^floor is irrational), and there the terms below are exact.
  const Real bias = static_cast<Real>(payload_bits - 2 * errors) / payload_bits;
  return static_cast<int64_t>(std::ceil(payload_bits * OneMinusEntropy(bias)));
}

double Log2BallVolume(int64_t length, int64_t radius) {
  if (radius == length) return static_cast<double>(length);
  if (2 * radius <= length) return static_cast<double>(Log2SmallBall(length, radius));
  // The words outside of the ball are a smaller ball about the complement.
  const Real outside = Log2SmallBall(length, length - radius - 1) - length;
  return static_cast<double>(length + std::log1p(-std::exp2(outside)) / kLn2);
}

double WholeOutputFloor(int64_t payload_bits, double success, int64_t replays) {
  // Exactly `success` where there is one replay, however small it is; with more, what
  // rounding leaves of nothing is nothing.
  const auto more = static_cast<double>(replays - 1);
  const double all = success - more * (1 - success);
  if (all <= more * 0x1p-52) return 0;
  return std::max(0.0, static_cast<double>(payload_bits) + std::log2(all));
}

double LeakBits(int64_t payload_bits, int64_t errors, int64_t message_bits) {
  const int64_t radius = std::min(errors, payload_bits - errors);
  return static_cast<double>(payload_bits - message_bits - 2) -
         Log2BallVolume(payload_bits, radius);
}

}  // namespace kvwire
