#ifndef KVWIRE_COMMON_CODING_POLAR_RATE_H_
#define KVWIRE_COMMON_CODING_POLAR_RATE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/coding/polar_code.h"

namespace kvwire {

// The polar code for `length` fair bits of which a fraction `distortion` may come out wrong,
// by an encoder of so many paths (PolarEncoder if 1, else PolarListEncoder):
// designed for that distortion, with as many bits of information as it takes to reach it.
// How many is found by trial, on public random words, from the rate-distortion function and
// a guess of what the block's length costs: so it is a function of the arguments alone, the
// same on every machine, and a decoder can find it too or be told. Distortion is within 1 %
// of what is wanted on average over words of 2^14 bits and more, at 0.01 to 0.4; how much a
// single word differs, and smaller words, is measured in MATH.md.
//
// All bits at distortions below kLeastDesignDistortion, none above kMostDesignDistortion.
// Returns INVALID_ARGUMENT as PolarDesign::Create on lengths, and unless 0 <= distortion <=
// 1/2 and 1 <= paths <= kMostPolarPaths. Takes as long as encoding about three blocks, or 3 *
// 2^19 bits if that is more; more at distortions below 0.01.
absl::StatusOr<PolarCode> PolarCodeFor(int64_t length, double distortion, int paths = 1);

// About how much longer that code's messages are than the rate-distortion function, as a
// part of it: a fit to what was measured (MATH.md), for distortions above 0 and below 1/2. The
// same on every machine.
double PolarExcess(int64_t length, double distortion, int paths);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_RATE_H_
