#ifndef KVWIRE_COMMON_CODING_POLAR_DECODER_H_
#define KVWIRE_COMMON_CODING_POLAR_DECODER_H_

#include "common/base/bit_vector.h"
#include "common/coding/polar_code.h"

namespace kvwire {

// What a message of a polar code says: the last M bits of x = u G, u being the K bits of the
// message at the positions of information and 0 elsewhere. Every message says something.
// message.size_bits() must be code.information_bits. O(N log N) operations on bits, 64 at a
// time; 2 N bits of memory. Thread-safe.
BitVector DecodePolar(const PolarCode& code, const BitVector& message);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_DECODER_H_
