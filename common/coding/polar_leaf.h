#ifndef KVWIRE_COMMON_CODING_POLAR_LEAF_H_
#define KVWIRE_COMMON_CODING_POLAR_LEAF_H_

#include <bit>
#include <cstdint>

#include "common/coding/lanes.h"

namespace kvwire {

// Successive cancellation at a node of eight positions, without leaving the registers: the
// code word, -1 for 1, for what is believed of it (soft_bits.h). Bit i of `free` is 1 where
// position i carries information.
Lanes EncodePolarLeaf(Lanes beliefs, uint8_t free);

// Calls visit(word) for each word of the node's code, bit i being that of position i.
template <typename Visit>
void ForEachLeafWord(uint8_t free, const Visit& visit) {
  constexpr uint8_t kRows[] = {0x01, 0x03, 0x05, 0x0f, 0x11, 0x33, 0x55, 0xff};  // of G
  uint8_t rows[8] = {};
  int count = 0;
  for (int i = 0; i < 8; ++i) {
    if ((free >> i & 1) != 0) rows[count++] = kRows[i];
  }
  unsigned word = 0;
  visit(word);
  for (unsigned step = 1; step < 1U << count; ++step) {
    word ^= rows[std::countr_zero(step)];  // a Gray code: one row at a time
    visit(word);
  }
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_POLAR_LEAF_H_
