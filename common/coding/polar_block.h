#ifndef KVWIRE_COMMON_CODING_POLAR_BLOCK_H_
#define KVWIRE_COMMON_CODING_POLAR_BLOCK_H_

// What encoders of polar codes have in common: beliefs in, halves of nodes, a message out.

#include <cstdint>
#include <vector>

#include "common/base/bit_vector.h"
#include "common/coding/lanes.h"
#include "common/coding/polar_code.h"
#include "common/coding/soft_bits.h"

namespace kvwire {

// What the source says of the code word: code.block beliefs, and some more lanes. They are
// `weight` times those of a channel that flips each bit with the probability for which the
// code was designed; nothing is believed of padding.
void LoadPolarBeliefs(const PolarCode& code, const BitVector& source, double weight,
                      std::vector<Lanes>& beliefs);

// The message for a code word of code.block lanes, -1 for 1.
BitVector PolarMessage(const PolarCode& code, const Lanes* word);

// What is believed of the first half's code word, a XOR b of the halves a and b of the
// node's, each of `half` lanes; and of the second half's, given the first's.
inline void PolarFirstHalf(const Lanes* beliefs, int64_t half, Lanes* out) {
  for (int64_t i = 0; i < half; ++i) out[i] = SoftXor(beliefs[i], beliefs[i + half]);
}
inline void PolarSecondHalf(const Lanes* beliefs, const Lanes* first, int64_t half,
                            Lanes* out) {
  for (int64_t i = 0; i < half; ++i) out[i] = SoftSum(beliefs[i], beliefs[i + half], first[i]);
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_BLOCK_H_
