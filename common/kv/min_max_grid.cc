#include "common/kv/min_max_grid.h"

#include <algorithm>

namespace kvwire {
namespace {

constexpr uint16_t kSign = 0x8000;
constexpr uint16_t kLargestHalf = 0x7bff;

Eigen::half HalfOfBits(uint64_t bits) {
  return Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(bits));
}

uint16_t BitsOfHalf(Eigen::half half) { return Eigen::numext::bit_cast<uint16_t>(half); }

// The greatest binary16 number at most `number`, which is at least -65520; +0 of zeros.
Eigen::half HalfBelow(float number) {
  const Eigen::half nearest(std::clamp(number, -65504.0F, 65504.0F));
  const uint16_t bits = BitsOfHalf(nearest);
  const bool above = static_cast<float>(nearest) > number;
  if (!above || bits == (kSign | kLargestHalf)) {
    return bits == kSign ? Eigen::half(0) : nearest;
  }
  if ((bits & ~kSign) == 0) return HalfOfBits(kSign | 1);
  return HalfOfBits((bits & kSign) != 0 ? bits + 1 : bits - 1);
}

Eigen::half HalfAbove(float number) {
  const Eigen::half mirrored = HalfBelow(-number);
  return BitsOfHalf(mirrored) == 0 ? mirrored : -mirrored;
}

}  // namespace

MinMaxGrid::MinMaxGrid(Eigen::half low, Eigen::half high, int code_bits)
    : low_half_(low),
      high_half_(high),
      low_(static_cast<float>(low)),
      high_(static_cast<float>(high)),
      last_code_((1 << code_bits) - 1),
      codes_per_unit_(high_ == low_ ? 0 : last_code_ / (high_ - low_)) {}

MinMaxGrid MinMaxGrid::Cover(float low, float high, int code_bits) {
  return MinMaxGrid(HalfBelow(low), HalfAbove(high), code_bits);
}

MinMaxGrid MinMaxGrid::OfStored(uint64_t stored, int code_bits) {
  return MinMaxGrid(HalfOfBits(stored & 0xffff), HalfOfBits(stored >> 16), code_bits);
}

bool MinMaxGrid::StoredIsFinite(uint64_t stored) {
  return Eigen::numext::isfinite(HalfOfBits(stored & 0xffff)) &&
         Eigen::numext::isfinite(HalfOfBits(stored >> 16));
}

uint64_t MinMaxGrid::stored() const {
  return BitsOfHalf(low_half_) | uint64_t{BitsOfHalf(high_half_)} << 16;
}

uint32_t MinMaxGrid::Code(float number) const {
  const double place = (number - low_) * codes_per_unit_ + 0.5;
  return static_cast<uint32_t>(std::clamp(place, 0.0, last_code_));
}

float MinMaxGrid::Value(uint32_t code) const {
  return static_cast<float>((low_ * (last_code_ - code) + high_ * code) / last_code_);
}

}  // namespace kvwire
