#ifndef KVWIRE_COMMON_KV_ALGORITHMS_ROW_NORM_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_ROW_NORM_H_

// Lengths of vectors as sketches and rotations store them: at binary16.

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/packed_bits.h"

namespace kvwire {

inline constexpr int kNormBits = 16;

// INVALID_ARGUMENT if the length of `row` is over 65504, the range of binary16.
absl::Status CheckNorm(absl::Span<const float> row);

// `number`, of which CheckNorm holds up to rounding errors, as binary16; there is only one
// zero, the positive one.
uint64_t NormToBits(double number);

// The number of 16 bits.
double NormFromBits(uint64_t bits);

// DATA_LOSS unless `bits`, rows of `row_numbers` stored numbers, are lengths: without a
// sign, but for the last one of each row if `last_has_sign`; a zero never has one.
absl::Status CheckLengths(const PackedBits& bits, int64_t row_numbers = 1,
                          bool last_has_sign = false);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_ROW_NORM_H_
