#ifndef KVWIRE_COMMON_CODING_TRELLIS_RATE_H_
#define KVWIRE_COMMON_CODING_TRELLIS_RATE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/coding/trellis_code.h"

namespace kvwire {

// Distortions that a trellis code serves: its steps are no longer than kMostTrellisStep, and
// its trials would be long where errors are rare.
inline constexpr double kLeastTrellisDistortion = 5e-3;
inline constexpr double kMostTrellisDistortion = 0.46;

// The trellis code for `length` fair bits of which a fraction `distortion` may come out wrong,
// found by public trial as PolarCodeFor finds its code. Returns INVALID_ARGUMENT unless 1 <=
// length <= kMostTrellisLength and distortion is in [kLeastTrellisDistortion,
// kMostTrellisDistortion]. Takes as long as encoding some 2^19 bits.
absl::StatusOr<TrellisCode> TrellisCodeFor(int64_t length, double distortion);

// About how much longer that code's messages are than the rate-distortion function, as a
// part of it: a fit to what was measured (MATH.md). The same on every machine.
double TrellisExcess(int64_t length, double distortion);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_TRELLIS_RATE_H_
