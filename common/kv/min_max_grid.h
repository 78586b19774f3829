#ifndef KVWIRE_COMMON_KV_MIN_MAX_GRID_H_
#define KVWIRE_COMMON_KV_MIN_MAX_GRID_H_

// The grid of an asymmetric quantiser: 2^b evenly spaced values from the least to the
// greatest number of a group, as of KIVI, SKVQ and the values of QJL.
//
// They store a scale s = (max - min) / (2^b - 1) and the minimum. Here it is the two ends,
// the minimum rounded down and the maximum up, in the same number of bits: s then follows
// exactly, ends that the format has come back as they were (values in {0, 1} at any b), a
// group of equal numbers divides nothing by zero, and no range overflows, where an s in
// binary16 fails at b = 1 and a range over 65504. The error of a number between the ends is
// at most s / 2, and the rounding of the answer to binary32. How ends are stored:
// grid_ends.h.

#include <cstdint>

namespace kvwire {

class MinMaxGrid {
 public:
  static constexpr int kMaxCodeBits = 8;

  // 2^code_bits values, 1 <= code_bits <= kMaxCodeBits, from low to high.
  MinMaxGrid(float low, float high, int code_bits)
      : low_(low), high_(high), last_code_((1 << code_bits) - 1) {}

  // The place of the nearest value, the higher of two; the nearer end's of a number that
  // is not between them. A division, because the product with an inverse would not find
  // all halves.
  uint32_t Code(float number) const {
    if (low_ == high_) return 0;
    const double place = (number - low_) * last_code_ / (high_ - low_) + 0.5;
    return static_cast<uint32_t>(place < 0 ? 0 : place > last_code_ ? last_code_ : place);
  }

  // The code-th value: (low (L - code) + high code) / L, L = 2^code_bits - 1, whose only
  // rounding, of ends of a SmallFloat, is that of the result.
  float Value(uint32_t code) const {
    return static_cast<float>((low_ * (last_code_ - code) + high_ * code) / last_code_);
  }

 private:
  double low_;
  double high_;
  double last_code_;  // L
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_MIN_MAX_GRID_H_
