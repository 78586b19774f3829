#include "common/coding/polar_leaf.h"

#include "common/coding/soft_bits.h"

namespace kvwire {
namespace {

// Lanes from Half on, at the front.
template <int Half>
Lanes SecondHalf(Lanes a) {
  if constexpr (Half == 4) return __builtin_shufflevector(a, a, 4, 5, 6, 7, 4, 5, 6, 7);
  if constexpr (Half == 2) return __builtin_shufflevector(a, a, 2, 3, 2, 3, 2, 3, 2, 3);
  return __builtin_shufflevector(a, a, 1, 1, 1, 1, 1, 1, 1, 1);
}

// The front lanes of a and then those of b.
template <int Half>
Lanes Joined(Lanes a, Lanes b) {
  if constexpr (Half == 4) return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
  if constexpr (Half == 2) return __builtin_shufflevector(a, b, 0, 1, 8, 9, 0, 1, 8, 9);
  return __builtin_shufflevector(a, b, 0, 8, 0, 8, 0, 8, 0, 8);
}

// The first Size lanes are the node's; the others may hold anything.
template <int Size>
Lanes EncodeFront(Lanes beliefs, unsigned free) {
  constexpr unsigned kAll = (1U << Size) - 1;
  if (free == 0) return Lanes{};
  if (free == kAll) return HardBits(beliefs);
  if constexpr (Size > 1) {
    constexpr int kHalf = Size / 2;
    const Lanes second_beliefs = SecondHalf<kHalf>(beliefs);
    const unsigned first_free = free & (kAll >> kHalf);
    Lanes first = {};
    if (first_free != 0) {
      first = EncodeFront<kHalf>(SoftXor(beliefs, second_beliefs), first_free);
    }
    const Lanes sum = SoftSum(beliefs, second_beliefs, first);
    const Lanes second = EncodeFront<kHalf>(sum, free >> kHalf);
    return Joined<kHalf>(first ^ second, second);
  }
  return Lanes{};
}

}  // namespace

Lanes EncodePolarLeaf(Lanes beliefs, uint8_t free) { return EncodeFront<8>(beliefs, free); }

}  // namespace kvwire
