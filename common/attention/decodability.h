#ifndef KVWIRE_COMMON_ATTENTION_DECODABILITY_H_
#define KVWIRE_COMMON_ATTENTION_DECODABILITY_H_

// Which rows can be decoded for certain from attention computed in float32.
//
// In exact arithmetic row i of a frame is decodable, whatever the bits, from outputs
// within a factor 1 +- eta of the true ones if and only if
//   W_i < (1 - eta) / (1 + eta)    (Theorem 4.6; W_i: interference.h),
// for an output is then below (1 + eta) W_i / Z where the bit is 0, and above
// (1 - eta) / Z where it is 1. float32 moves the logarithm of each weight by at most
//   r = (d + 1) C max |k|^2 u / (1 - d u) + (2 L + 128) u,    u = 2^-24:
// a rounding of each coordinate of the query and d of each score, in any order of
// summation; at most 2 L of a sum of weights that is rescaled as larger ones come, and with
// them what weighs less than 2^-64 of the largest and is dropped; the exponentials of scores
// not further below it. So it is enough that
//   W_i e^{2 r} < (1 - eta) / (1 + eta).
// The keys are not rounded once more: W_i is that of the float32 rows themselves.

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/attention/key_frame.h"

namespace kvwire {

struct Decodability {
  int64_t undecodable_rows;  // those of which the above does not hold: 0 is a guarantee
  double worst_mass;         // the largest W_i; exact unless all rows are decodable
  double rounding;           // r
};

// Measures all rows of the frame for queries C k_i. undecodable_rows is the same on any
// machine and thread count. Returns INVALID_ARGUMENT unless sharpness C is finite and
// above 0 and 0 <= eta < 1. O(L^2 d) time, memory independent of L^2.
absl::StatusOr<Decodability> MeasureDecodability(const KeyFrame& frame, double sharpness,
                                                 double eta);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_DECODABILITY_H_
