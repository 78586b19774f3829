#include "common/kv/small_float.h"

#include <algorithm>
#include <cmath>

#include "common/base/matrix.h"

namespace kvwire {
namespace {

uint32_t SignBit(SmallFloat format) { return uint32_t{1} << (SmallFloatBits(format) - 1); }

float E4M3Value(uint32_t code) {
  const int exponent = static_cast<int>(code >> 3 & 15);
  const int mantissa = static_cast<int>(code & 7);
  const float size = exponent == 0
                         ? std::ldexp(static_cast<float>(mantissa), -9)
                         : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return (code & 0x80) != 0 ? -size : size;
}

// The greatest number of the format at most `size`, 0 <= size <= the largest one. Codes
// without a sign are in the order of their numbers.
uint32_t RoundSizeDown(SmallFloat format, float size) {
  if (format == SmallFloat::kBinary16) {
    const Eigen::half nearest(size);
    const uint32_t code = Eigen::numext::bit_cast<uint16_t>(nearest);
    return static_cast<float>(nearest) > size ? code - 1 : code;
  }
  uint32_t code = 0;
  for (uint32_t bit = 64; bit > 0; bit /= 2) {
    const uint32_t higher = code + bit;
    if (IsFiniteCode(format, higher) && E4M3Value(higher) <= size) code = higher;
  }
  return code;
}

uint32_t RoundSizeUp(SmallFloat format, float size) {
  const uint32_t below = RoundSizeDown(format, size);
  return SmallFloatValue(format, below) == size ? below : below + 1;
}

}  // namespace

float LargestSmallFloat(SmallFloat format) {
  return format == SmallFloat::kBinary16 ? 65504.0F : 448.0F;
}

uint32_t RoundDown(SmallFloat format, float number) {
  const float size = std::min(std::abs(number), LargestSmallFloat(format));
  if (number >= 0) return RoundSizeDown(format, size);
  return RoundSizeUp(format, size) | SignBit(format);
}

uint32_t RoundUp(SmallFloat format, float number) {
  const uint32_t mirrored = RoundDown(format, -number);
  return mirrored == 0 ? 0 : mirrored ^ SignBit(format);
}

float SmallFloatValue(SmallFloat format, uint32_t code) {
  if (format == SmallFloat::kE4M3) return E4M3Value(code);
  return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(code)));
}

bool IsFiniteCode(SmallFloat format, uint32_t code) {
  return format == SmallFloat::kBinary16 ? (code >> 10 & 31) != 31 : (code & 127) != 127;
}

}  // namespace kvwire
