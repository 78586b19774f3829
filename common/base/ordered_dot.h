#ifndef KVWIRE_COMMON_BASE_ORDERED_DOT_H_
#define KVWIRE_COMMON_BASE_ORDERED_DOT_H_

// Inner products whose every bit is the same on any machine with IEEE 754 doubles,
// because the order of the sum is fixed. A matrix library's order depends on the
// instruction set that it was compiled for.

#include <cmath>
#include <cstddef>

#include "absl/types/span.h"

namespace kvwire {

// sum_i a_i b_i in double, of two sequences of one length. Product i goes to partial sum
// i mod 8, in order of i; the partial sums are added as ((0+1)+(2+3))+((4+5)+(6+7)).
template <typename A, typename B>
double OrderedDot(absl::Span<const A> a, absl::Span<const B> b) {
  constexpr size_t kLanes = 8;
  double sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (size_t lane = 0; i < a.size(); ++i, ++lane) {
    sums[lane] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
         ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// The Euclidean length, by OrderedDot.
template <typename A>
double OrderedNorm(absl::Span<const A> a) {
  return std::sqrt(OrderedDot(a, a));
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_ORDERED_DOT_H_
