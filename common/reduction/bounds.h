#ifndef KVWIRE_COMMON_REDUCTION_BOUNDS_H_
#define KVWIRE_COMMON_REDUCTION_BOUNDS_H_

// What no message can undercut. Bits are uniform: the driver's private mask sees
// to that. Each floor is proved in MATH.md.

#include <cstdint>

namespace kvwire {

// The INDEX floor by Fano's inequality and the chain rule: a message from which
// each of M uniform bits is read with error rate p has at least M (1 - H_b(p))
// bits (H_b: common/base/binary_entropy.h). floor_bits rounds up, at p = errors / M.
double IndexFloor(int64_t payload_bits, double error_rate);
int64_t FloorBits(int64_t payload_bits, int64_t errors);

// Fano's inequality a block at a time: a message has, on average over M uniform bits
// and public coins, at least
//   M - (M / k) (H_b(p) + (1 - p) log2(2^k - 1))  =  about p M - (M / k) H_b(p)
// bits, where k bits at a time are read, all of them right with probability p: each of
// M / k fixed blocks (rows: k = d), or k positions drawn at random (MULTI-INDEX: the
// average block is as hard, by Han's inequality). Lengths are of a prefix-free code,
// so also the largest length is no less. k = 1 is the INDEX floor at 1 - p.
// 1 <= k <= M, 0 <= p <= 1; 0 where p is no better than a guess.
double BlockFloor(int64_t payload_bits, int64_t block_bits, double success);

// log2 of the size of the Hamming ball V(M, E) = sum_{i <= E} C(M, i).
// 0 <= E <= M, M >= 1. Absolute error below 1e-6 for M <= 2^30.
double Log2BallVolume(int64_t length, int64_t radius);

// The whole-output floor of messages of one length: all M bits are right with
// probability p, or in `replays` = R answers to the same message, each right with
// probability p, hence all with 1 - R (1 - p) at least:
//   M - log2(1 / (1 - R (1 - p)))
// (Theorem 4.5, VAR paper, with the constant that really holds.) A message of any
// length up to a largest can save one more bit. 0 <= p <= 1; 0 where R (1 - p) >= 1.
double WholeOutputFloor(int64_t payload_bits, double success, int64_t replays = 1);

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
