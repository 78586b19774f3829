#ifndef KVWIRE_COMMON_REDUCTION_BOUNDS_H_
#define KVWIRE_COMMON_REDUCTION_BOUNDS_H_

// What no message can undercut. Bits are uniform: the driver's private mask sees
// to that.

#include <cstdint>

namespace kvwire {

// H_b(p) = -p log2 p - (1-p) log2 (1-p), 0 at p = 0 and 1. 0 <= p <= 1.
double BinaryEntropy(double p);

// The INDEX floor by Fano's inequality and the chain rule: a message from which
// each of M uniform bits is read with error rate p has at least M (1 - H_b(p))
// bits. floor_bits rounds up, at p = errors / M.
double IndexFloor(int64_t payload_bits, double error_rate);
int64_t FloorBits(int64_t payload_bits, int64_t errors);

// log2 of the size of the Hamming ball V(M, E) = sum_{i <= E} C(M, i).
// 0 <= E <= M, M >= 1. Absolute error below 1e-6 for M <= 2^30.
double Log2BallVolume(int64_t length, int64_t radius);

// The whole-output floor M - log2(1/p): all M bits right with probability p
// (Theorem 4.5 with the constant that really holds).
double WholeOutputFloor(int64_t payload_bits, double success);

// The counting test. A message of at most `message_bits` bits (of any length, and
// Bob may flip all his answers: hence the 2) from which E of M uniform bits are
// read wrong leaks
//   leak_bits = M - log2 V(M, min(E, M - E)) - message_bits - 2
// and Pr[leak_bits >= t] <= 2^-t for every honest protocol. No interval, no
// assumption on the algorithm.
double LeakBits(int64_t payload_bits, int64_t errors, int64_t message_bits);

// A run fails at this many leaked bits: false alarms once in 2^40 runs.
inline constexpr double kLeakLimitBits = 40;

}  // namespace kvwire

#endif  // KVWIRE_COMMON_REDUCTION_BOUNDS_H_
