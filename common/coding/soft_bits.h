#ifndef KVWIRE_COMMON_CODING_SOFT_BITS_H_
#define KVWIRE_COMMON_CODING_SOFT_BITS_H_

// Beliefs about bits as log-likelihood ratios LLR = ln(Pr[0] / Pr[1]), in whole 1 / 804 of a
// nat, at most kMostSoft. Integers: a quantiser that rounds its beliefs is as good as one
// that does not (MATH.md has the figures), twice as fast, and writes the same message
// whatever machine and compiler.

#include <cstdint>

#include "common/coding/lanes.h"

namespace kvwire {

inline constexpr double kSoftUnitsPerNat = 804;
// Twice this is still an int16: sums cannot overflow before they are cut.
inline constexpr int16_t kMostSoft = 16383;

// The part of a sum or difference of two magnitudes that min() forgets,
//   ln(1 + exp(-v))  ~  ln 2 (1 - v / (6 ln 2))^3, 0 past v = 6 ln 2,
// which has the right value and slope at 0 and nearly the right curvature, and is 0.03 off
// at most. 6 ln 2 is kReach; with r = 4 (kReach - v) the cube is r^3 / 2^32.
inline Lanes Forgotten(Lanes v) {
  constexpr int16_t kReach = 3344;
  const Lanes r = MaxLanes(SplatLanes(kReach) - v, Lanes{}) * SplatLanes(4);
  return HighProductLanes(HighProductLanes(r, r), r);
}

// The belief about a XOR b, 2 artanh(tanh(a / 2) tanh(b / 2)): never 0 unless a or b is.
inline Lanes SoftXor(Lanes a, Lanes b) {
  const Lanes size_a = MaxLanes(a, -a);
  const Lanes size_b = MaxLanes(b, -b);
  const Lanes less = MinLanes(size_a, size_b);
  const Lanes more = MaxLanes(size_a, size_b);
  const Lanes size = less - Forgotten(more - less) + Forgotten(more + less);
  const Lanes least = MinLanes(less, SplatLanes(1));
  return NegateLanes(MaxLanes(size, least), (a ^ b) >> 15);
}

// The belief about b from what is believed of b and of a = b XOR c, c known: -1 for 1.
inline Lanes SoftSum(Lanes a, Lanes b, Lanes c) {
  const Lanes sum = b + NegateLanes(a, c);
  return MaxLanes(MinLanes(sum, SplatLanes(kMostSoft)), SplatLanes(-kMostSoft));
}

// The more likely value, -1 for 1. In doubt, 0.
inline Lanes HardBits(Lanes a) { return a >> 15; }

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_SOFT_BITS_H_
