#ifndef KVWIRE_CLIENT_FITTED_EXPONENT_H_
#define KVWIRE_CLIENT_FITTED_EXPONENT_H_

// How fast one quantity grows with another.

#include "absl/types/span.h"

namespace kvwire {

// The exponent b of the least-squares fit y = a x^b; x and y positive, at least two
// different x.
double FittedExponent(absl::Span<const double> x, absl::Span<const double> y);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_FITTED_EXPONENT_H_
