#ifndef KVWIRE_COMMON_KV_ALGORITHMS_LLOYD_MAX_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_LLOYD_MAX_H_

// Scalar quantisers of least mean squared error for a known density (Lloyd 1957/1982, Max
// 1960), computed rather than tabulated, to the same bits on every machine.

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace kvwire {

inline constexpr int kMaxCodebookBits = 8;

// How many of `bounds`, 2^bits - 1 in ascending order, is_above(i) is true of. It must be true
// of the first ones and of no others. Without branches: which way it goes is not foreseen.
// O(bits).
template <typename IsAbove>
uint64_t CountBelow(size_t bounds, const IsAbove& is_above) {
  size_t below = 0;
  for (size_t step = (bounds + 1) / 2; step > 0; step /= 2) {
    below += is_above(below + step - 1) ? step : 0;
  }
  return below;
}

struct Codebook {
  std::vector<double> levels;  // [2^bits], ascending: what a code stands for
  // [2^bits - 1], midway between two levels: code i is that of the numbers in
  // (bounds[i - 1], bounds[i]].
  std::vector<double> bounds;

  uint64_t CodeOf(double number) const {  // O(bits)
    return CountBelow(bounds.size(), [&](size_t i) { return number > bounds[i]; });
  }
  // CodeOf each of `numbers`, many at once where there are few levels.
  void CodesOf(absl::Span<const double> numbers, uint8_t* codes) const;
};

// The codebook of 2^bits levels, 1 <= bits <= kMaxCodebookBits, for numbers of [low, high]
// whose density is proportional to exp(log_density), a concave log_density: then exactly one
// choice of levels is stationary (Fleischer 1964). Every level is the mean of its cell to
// about 1e-12 (high - low). Newton's method, with Lloyd's step where Newton's leads astray,
// from the asymptotically best levels, whose density is the cube root of that of the numbers
// (Panter and Dite 1951). Under a millisecond at 4 bits, some ten at 8.
Codebook LloydMaxCodebook(int bits, double low, double high,
                          absl::FunctionRef<double(double)> log_density);

// For standard normal numbers, 1 <= bits <= kMaxCodebookBits; those of N(0, s^2) are s
// times them. Computed once in a process.
const Codebook& NormalCodebook(int bits);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_LLOYD_MAX_H_
