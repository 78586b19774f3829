#ifndef KVWIRE_COMMON_BASE_PORTABLE_MATH_H_
#define KVWIRE_COMMON_BASE_PORTABLE_MATH_H_

// Elementary functions whose every bit is the same on any machine with IEEE 754
// doubles: built from + - * /, sqrt and exact scaling only, compiled without
// contraction. What enters a snapshot or a public parameter uses these, because
// the last bit of a C library's log or exp is not specified.

#include "absl/types/span.h"

namespace kvwire {

// Natural logarithm of a finite x > 0, relative error below 1e-15.
double PortableLog(double x);

// exp(x), relative error below 1e-15 where the result is a normal double; it falls
// to 0 past x = -745 and overflows to infinity past x = 709.78, as in IEEE 754.
double PortableExp(double x);

// cos(x) and sin(x) for |x| <= 10^6, x in radians, absolute error below 1e-15.
double PortableCos(double x);
double PortableSin(double x);

// arccos(x) in [0, pi] for |x| <= 1, within 3 units of the last place; 0 and pi at the ends.
double PortableAcos(double x);

// The standard normal quantile of 0 < p < 1 (Wichura 1988, algorithm AS 241,
// PPND16), relative accuracy about 1e-15.
double NormalQuantile(double p);

// NormalQuantile of each of `numbers`, which are normal doubles and so are what they are less
// than 1, in place; many at once.
void NormalQuantiles(absl::Span<double> numbers);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_PORTABLE_MATH_H_
