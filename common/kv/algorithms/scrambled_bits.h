#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SCRAMBLED_BITS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SCRAMBLED_BITS_H_

// What the public coin does to a block of bits before a lossy code sees it: it turns them
// around a circle by a uniform number of places and flips each by a fair coin. So the code
// sees fair bits whatever the block is, and every position of the block is as likely to
// come out wrong as any other: with exactly the code's average probability of error.

#include <cstdint>

#include "common/base/bit_vector.h"
#include "common/kv/packed_bits.h"

namespace kvwire {

// The `count` bits of `bits` from `first` on.
BitVector CopyBits(const PackedBits& bits, int64_t first, int64_t count);
void AppendBits(const BitVector& bits, PackedBits& out);

class ScrambledBits {
 public:
  // The coin of the block-th block under a public seed.
  ScrambledBits(uint64_t seed, int64_t block);

  BitVector Scramble(const PackedBits& bits) const;
  PackedBits Unscramble(BitVector word) const;

 private:
  BitVector Mask(int64_t size_bits) const;
  int64_t Shift(int64_t size_bits) const;

  uint64_t key_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SCRAMBLED_BITS_H_
