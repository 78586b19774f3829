#ifndef KVWIRE_COMMON_CODING_DISTORTION_SEARCH_H_
#define KVWIRE_COMMON_CODING_DISTORTION_SEARCH_H_

// How many bits of information a code needs to reach a distortion, found by trial on public
// random words: what a code of finite length does has no formula, but it does nearly the same
// to all words. The same on every machine, and no secret of the encoder.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "common/base/bit_vector.h"

namespace kvwire {

// Trials are of so many wrong bits, to be near their mean; the rarer errors are, the more
// bits of source they take, within limits.
struct TrialSize {
  double errors;
  int64_t least_bits;
  int64_t most_bits;
};

// The part of all bits that `reproduce` returns wrong, over words of `length` bits.
double TriedDistortion(int64_t length, double distortion, const TrialSize& size,
                       absl::FunctionRef<BitVector(const BitVector&)> reproduce);

// The K in [least, length] for which tried(K) was nearest to `distortion` in a search along
// the slope of the rate-distortion function from `guess` on: until it is within 0.2 %, or K
// stays the same, or eight have been tried. 0 < distortion < 1/2.
int64_t FindInformationBits(int64_t length, double distortion, int64_t least, double guess,
                            absl::FunctionRef<double(int64_t)> tried);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_DISTORTION_SEARCH_H_
