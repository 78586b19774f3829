#ifndef KVWIRE_COMMON_BASE_ORDERED_DOT_H_
#define KVWIRE_COMMON_BASE_ORDERED_DOT_H_

// Inner products whose every bit is the same on any machine with IEEE 754 doubles,
// because the order of the sum is fixed. A matrix library's order depends on the
// instruction set that it was compiled for.

#include <cmath>
#include <cstddef>
#include <type_traits>

#include "absl/types/span.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {

// Four numbers, float or double, as doubles.
template <typename Number>
[[gnu::always_inline]] inline void FetchDoubles(const Number* from, WideDoubles& to) {
  if constexpr (std::is_same_v<Number, double>) {
    FetchVector(from, to);
  } else {
    static_assert(std::is_same_v<Number, float>);
    WideFloats numbers = {};
    FetchVector(from, numbers);
    to = __builtin_convertvector(numbers, WideDoubles);
  }
}

// sum_i a_i b_i in double, of two sequences of one length. Product i goes to partial sum
// i mod 8, in order of i; the partial sums are added as ((0+1)+(2+3))+((4+5)+(6+7)).
template <typename A, typename B>
double OrderedDot(absl::Span<const A> a, absl::Span<const B> b) {
  double sum = 0;
  RunWide(
      [](const A* x, const B* y, size_t count, double* out) KVWIRE_WIDE {
        constexpr size_t kLanes = 2 * kWideLanes;
        WideDoubles sums[2] = {};
        size_t i = 0;
        for (; i + kLanes <= count; i += kLanes) {
          for (size_t half = 0; half < 2; ++half) {
            WideDoubles p = {};
            WideDoubles q = {};
            FetchDoubles(x + i + half * kWideLanes, p);
            FetchDoubles(y + i + half * kWideLanes, q);
            sums[half] += p * q;
          }
        }
        for (size_t lane = 0; i < count; ++i, ++lane) {
          sums[lane / kWideLanes][lane % kWideLanes] +=
              static_cast<double>(x[i]) * static_cast<double>(y[i]);
        }
        *out = ((sums[0][0] + sums[0][1]) + (sums[0][2] + sums[0][3])) +
               ((sums[1][0] + sums[1][1]) + (sums[1][2] + sums[1][3]));
      },
      a.data(), b.data(), a.size(), &sum);
  return sum;
}

// The Euclidean length, by OrderedDot.
template <typename A>
double OrderedNorm(absl::Span<const A> a) {
  return std::sqrt(OrderedDot(a, a));
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_ORDERED_DOT_H_
