#ifndef KVWIRE_COMMON_CODING_LANES_H_
#define KVWIRE_COMMON_CODING_LANES_H_

// Eight 16-bit integers at once. Integers only, so that whatever a compiler makes of them
// has the same value. Where SSE2 is, which every x86-64 machine has, an operation is one
// instruction.

#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace kvwire {

// Comparisons give -1 for true in each lane, 0 for false.
using Lanes = int16_t __attribute__((vector_size(16)));
inline constexpr int64_t kLanes = 8;

inline Lanes SplatLanes(int16_t value) {
  return Lanes{value, value, value, value, value, value, value, value};
}

inline Lanes MinLanes(Lanes a, Lanes b) {
#ifdef __SSE2__
  return reinterpret_cast<Lanes>(
      _mm_min_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return a < b ? a : b;
#endif
}

inline Lanes MaxLanes(Lanes a, Lanes b) {
#ifdef __SSE2__
  return reinterpret_cast<Lanes>(
      _mm_max_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return a < b ? b : a;
#endif
}

// The upper halves of the 32-bit products.
inline Lanes HighProductLanes(Lanes a, Lanes b) {
#ifdef __SSE2__
  return reinterpret_cast<Lanes>(
      _mm_mulhi_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  Lanes high;
  for (int i = 0; i < 8; ++i) high[i] = static_cast<int16_t>((int32_t{a[i]} * b[i]) >> 16);
  return high;
#endif
}

// a[2 i] + a[2 i + 1], in 32 bits.
using PairSums = int32_t __attribute__((vector_size(16)));
inline PairSums SumPairsOfLanes(Lanes a) {
#ifdef __SSE2__
  return reinterpret_cast<PairSums>(
      _mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(SplatLanes(1))));
#else
  return PairSums{a[0] + a[1], a[2] + a[3], a[4] + a[5], a[6] + a[7]};
#endif
}

// Bit i is 1 where lane i is negative.
inline uint8_t SignsOfLanes(Lanes a) {
#ifdef __SSE2__
  const __m128i bytes =
      _mm_packs_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(a));
  return static_cast<uint8_t>(_mm_movemask_epi8(bytes));
#else
  unsigned signs = 0;
  for (int i = 0; i < 8; ++i) signs |= (a[i] < 0 ? 1U : 0U) << i;
  return static_cast<uint8_t>(signs);
#endif
}

// -1 where a bit of `bits` is 1, else 0.
inline Lanes LanesOfBits(uint8_t bits) {
  constexpr Lanes kBit = {1, 2, 4, 8, 16, 32, 64, 128};
  return (SplatLanes(bits) & kBit) == kBit;
}

// a where `mask` is 0, -a where it is -1.
inline Lanes NegateLanes(Lanes a, Lanes mask) { return (a ^ mask) - mask; }

inline Lanes LoadLanes(const int16_t* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

inline void StoreLanes(Lanes lanes, int16_t* to) { std::memcpy(to, &lanes, sizeof(lanes)); }

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_LANES_H_
