#ifndef KVWIRE_COMMON_KV_SMALL_FLOAT_H_
#define KVWIRE_COMMON_KV_SMALL_FLOAT_H_

// Floating-point formats that quantisers store scales and ends of ranges in, rounded to
// a side. Codes are the bits of the format; +0 is the one zero that rounding yields.

#include <cstdint>

namespace kvwire {

enum class SmallFloat {
  kBinary16,  // IEEE 754, largest number 65504
  kE4M3,      // OCP 8-bit floating point, largest number 448, no infinities
};

constexpr int SmallFloatBits(SmallFloat format) {
  return format == SmallFloat::kBinary16 ? 16 : 8;
}

float LargestSmallFloat(SmallFloat format);

// The greatest number of the format that is at most `number`, and the least that is at
// least `number`; past the largest one, that one with the number's sign.
uint32_t RoundDown(SmallFloat format, float number);
uint32_t RoundUp(SmallFloat format, float number);

// The number that a code stands for, or nothing finite (IsFiniteCode).
float SmallFloatValue(SmallFloat format, uint32_t code);
bool IsFiniteCode(SmallFloat format, uint32_t code);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SMALL_FLOAT_H_
