#ifndef KVWIRE_COMMON_BASE_BINARY_ENTROPY_H_
#define KVWIRE_COMMON_BASE_BINARY_ENTROPY_H_

// The entropy of a bit and what it costs to describe a fair one badly. Every bit of a result
// is the same on any machine (portable_math.h): codes are designed from these.

namespace kvwire {

// H_b(p) = -p log2 p - (1-p) log2 (1-p), 0 at p = 0 and 1. 0 <= p <= 1. Relative error below
// 1e-14, also where p is small.
double BinaryEntropy(double p);

// The rate-distortion function of a fair bit: the fewest bits of message for a bit that may be
// wrong with probability D,
//   R(D) = 1 - H_b(D),  0 <= D <= 1/2  (Shannon 1959; proved in common/coding/MATH.md).
// Relative error below 1e-14 also near D = 1/2, given 1 - 2 D.
double RateDistortion(double distortion);

// The inverse: the D in [0, 1/2] at which R(D) is `rate`, 0 <= rate <= 1.
double DistortionAtRate(double rate);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_BINARY_ENTROPY_H_
