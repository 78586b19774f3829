#ifndef KVWIRE_COMMON_BASE_PORTABLE_SUMS_H_
#define KVWIRE_COMMON_BASE_PORTABLE_SUMS_H_

// Sums of products whose every bit is the same on any machine, for what decides a state:
// in double, in one fixed order. Term j goes to partial sum j mod 8, and the partial sums
// are added pairwise; the order is that of neither one lane nor any instruction set.
// Finite floats cannot overflow them.

#include "absl/types/span.h"

namespace kvwire {

// <a, b>, of equal length.
double PortableDot(absl::Span<const float> a, absl::Span<const float> b);

// <a, a> and <a - b, a - b>.
double PortableSquaredNorm(absl::Span<const float> a);
double PortableSquaredDistance(absl::Span<const float> a, absl::Span<const float> b);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_PORTABLE_SUMS_H_
