#ifndef KVWIRE_COMMON_CODING_TRELLIS_CODE_H_
#define KVWIRE_COMMON_CODING_TRELLIS_CODE_H_

// A trellis code as a quantiser of fair bits (Viterbi and Omura 1974; the codes are those of
// Jelinek 1969). The message is K bits, shifted one after another into a register of
// kTrellisMemory + 1 bits that begins at 0. After each bit, one, two or more bits are read
// off the register, so that K steps read M bits: each is the parity of the register under the
// next of kTrellisTaps masks, in turn. The encoder finds the message of least distortion by
// the Viterbi algorithm, which is exact. For blocks too short for polar codes.

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/base/bit_vector.h"

namespace kvwire {

inline constexpr int kTrellisMemory = 10;
inline constexpr int kTrellisTaps = 32;
inline constexpr int64_t kMostTrellisLength = int64_t{1} << 20;
// Bits of source to one of message: what the encoder's 16-bit distances have room for.
inline constexpr int64_t kMostTrellisStep = 512;

struct TrellisCode {
  // Returns INVALID_ARGUMENT unless 1 <= length <= kMostTrellisLength, 0 <= information_bits
  // <= length, and length <= kMostTrellisStep * information_bits or information_bits = 0.
  static absl::StatusOr<TrellisCode> Create(int64_t length, int64_t information_bits);

  // Step t says the bits of the source from FirstOf(t) on, below FirstOf(t + 1).
  int64_t FirstOf(int64_t step) const { return step * length / information_bits; }

  int64_t length = 0;            // M
  int64_t information_bits = 0;  // K
};

// The message of information_bits bits whose word is nearest to `source`, of code.length
// bits; of equals, one and the same on every machine. 2^kTrellisMemory integer operations a
// bit, eight at a time; 2^kTrellisMemory bits of memory for each bit of message.
BitVector EncodeTrellis(const TrellisCode& code, const BitVector& source);

// What a message of code.information_bits bits says. Every message says something.
BitVector DecodeTrellis(const TrellisCode& code, const BitVector& message);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_TRELLIS_CODE_H_
