#ifndef KVWIRE_COMMON_CODING_POLAR_LEAF_H_
#define KVWIRE_COMMON_CODING_POLAR_LEAF_H_

#include <cstdint>

#include "common/coding/lanes.h"

namespace kvwire {

// Successive cancellation at a node of eight positions, without leaving the registers: the
// code word, -1 for 1, for what is believed of it (soft_bits.h). Bit i of `free` is 1 where
// position i carries information.
Lanes EncodePolarLeaf(Lanes beliefs, uint8_t free);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_LEAF_H_
