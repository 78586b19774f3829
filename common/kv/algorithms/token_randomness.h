#ifndef KVWIRE_COMMON_KV_ALGORITHMS_TOKEN_RANDOMNESS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_TOKEN_RANDOMNESS_H_

// The coins of a sampler: a function of (seed, use, token, slot), so that none of them is
// part of a state and a restored sampler goes on with the coins it would have had.

#include <cstdint>

#include "common/base/counter_rng.h"

namespace kvwire {

class TokenRandomness {
 public:
  // `use` separates independent uses of one seed.
  TokenRandomness(uint64_t seed, uint64_t use) : key_(CounterRng(seed, use).Bits(0)) {}

  // Uniform on (0, 1), as CounterRng::Uniform.
  double Uniform(int64_t token, int64_t slot) const {
    return CounterRng(key_, static_cast<uint64_t>(token)).Uniform(static_cast<uint64_t>(slot));
  }

 private:
  uint64_t key_;  // of 64 bits of its own: no counter is left over for `use`
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_TOKEN_RANDOMNESS_H_
