#ifndef KVWIRE_COMMON_BASE_COUNTER_RNG_H_
#define KVWIRE_COMMON_BASE_COUNTER_RNG_H_

// Counter-based randomness: a value is a pure function of (seed, stream,
// counter), so it needs no state, any part of a sequence can be drawn at once,
// and restore-then-continue equals never having stopped. Philox4x32-10 (Salmon,
// Moraes, Dror, Shaw 2011). The same bits on every machine. Not a cipher: never
// used for anything that must stay private.

#include <cstdint>

#include "absl/types/span.h"

namespace kvwire {

class CounterRng {
 public:
  // `stream` separates independent uses of one seed.
  CounterRng(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  // 64 uniform bits. Philox counter = {counter, stream}, key = seed; the two
  // low output words, first word lowest.
  uint64_t Bits(uint64_t counter) const;

  // Uniform on the 2^52 midpoints (k + 1/2) / 2^52, k = Bits() >> 12: each is a
  // double, none is 0, 1/2 or 1, and u and 1 - u are equally likely.
  double Uniform(uint64_t counter) const;

  // Standard normal: NormalQuantile(Uniform(counter)).
  double Normal(uint64_t counter) const;

  // Normal(first + i) to each numbers[i]; many at once.
  void FillNormal(uint64_t first, absl::Span<double> numbers) const;

 private:
  uint64_t seed_;
  uint64_t stream_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_COUNTER_RNG_H_
