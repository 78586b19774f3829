#ifndef KVWIRE_TESTS_CODING_RANDOM_WORDS_H_
#define KVWIRE_TESTS_CODING_RANDOM_WORDS_H_

#include <cstdint>
#include <random>

#include "common/base/bit_vector.h"

namespace kvwire {

// Fair bits, the same for the same seed.
inline BitVector RandomWord(int64_t length, uint64_t seed) {
  std::mt19937_64 random(seed);
  BitVector word(length);
  for (int64_t i = 0; i < length; ++i) word.Set(i, random() >> 63 != 0);
  return word;
}

// Bit i of the word is bit i of `bits`.
inline BitVector WordOf(uint64_t bits, int64_t length) {
  BitVector word(length);
  for (int64_t i = 0; i < length; ++i) word.Set(i, (bits >> i & 1) != 0);
  return word;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CODING_RANDOM_WORDS_H_
