#ifndef KVWIRE_COMMON_KV_MIN_MAX_GRID_H_
#define KVWIRE_COMMON_KV_MIN_MAX_GRID_H_

// The grid of an asymmetric quantiser: 2^b evenly spaced values from the least to the
// greatest number of a group, as of KIVI, SKVQ and the values of QJL.
//
// They store a scale s = (max - min) / (2^b - 1) and the minimum in binary16. Here it is
// the two ends, the minimum rounded down and the maximum up, in the same 32 bits: s then
// follows exactly, ends that binary16 has come back as they were (values in {0, 1} at any
// b), a group of equal numbers divides nothing by zero, and no range overflows, where an s
// in binary16 fails at b = 1 and a range over 65504. The error of any number between the
// ends is at most s / 2, and the rounding of the answer to binary32.

#include <cstdint>

#include "common/base/matrix.h"

namespace kvwire {

class MinMaxGrid {
 public:
  static constexpr int kMaxCodeBits = 8;
  static constexpr int kStoredBits = 32;

  // The narrowest grid of 2^code_bits values, 1 <= code_bits <= kMaxCodeBits, that covers
  // low <= high. Ends past the 65504 of binary16 are 65504.
  static MinMaxGrid Cover(float low, float high, int code_bits);

  // The inverse of stored(). Any ends that are finite (StoredIsFinite) make a grid.
  static MinMaxGrid OfStored(uint64_t stored, int code_bits);
  static bool StoredIsFinite(uint64_t stored);

  // The minimum in the lower 16 bits, the maximum in the higher.
  uint64_t stored() const;

  // The nearest value's place, 0 .. 2^code_bits - 1, the higher of two; numbers outside
  // the ends go to the nearer end.
  uint32_t Code(float number) const;

  // The code-th value: (min (L - code) + max code) / L, L = 2^code_bits - 1, whose only
  // rounding is that of the result.
  float Value(uint32_t code) const;

 private:
  MinMaxGrid(Eigen::half low, Eigen::half high, int code_bits);

  Eigen::half low_half_;
  Eigen::half high_half_;
  double low_;
  double high_;
  double last_code_;  // L
  double codes_per_unit_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_MIN_MAX_GRID_H_
