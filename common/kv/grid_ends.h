#ifndef KVWIRE_COMMON_KV_GRID_ENDS_H_
#define KVWIRE_COMMON_KV_GRID_ENDS_H_

// The two ends of a MinMaxGrid as a quantiser stores them: the codes of two SmallFloats,
// the lower end's in the lower half of the bits.

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/min_max_grid.h"
#include "common/kv/packed_bits.h"
#include "common/kv/small_float.h"

namespace kvwire {

// The least and the greatest of finite numbers, one at least; many at once.
std::pair<float, float> LeastAndGreatest(absl::Span<const float> numbers);

class GridEnds {
 public:
  explicit constexpr GridEnds(SmallFloat format) : format_(format) {}

  constexpr int bits() const { return 2 * SmallFloatBits(format_); }

  // Those of the narrowest grid that covers low <= high, as far as the format goes.
  uint64_t Cover(float low, float high) const {
    return RoundDown(format_, low) | uint64_t{RoundUp(format_, high)}
                                         << SmallFloatBits(format_);
  }

  float Low(uint64_t ends) const { return SmallFloatValue(format_, LowCode(ends)); }
  float High(uint64_t ends) const { return SmallFloatValue(format_, HighCode(ends)); }

  MinMaxGrid Grid(uint64_t ends, int code_bits) const {
    return MinMaxGrid(Low(ends), High(ends), code_bits);
  }

  // Checks a restored field of nothing but ends: OK, or DATA_LOSS if some are not finite or
  // not in order.
  absl::Status CheckField(const PackedBits& field) const;

 private:
  uint32_t LowCode(uint64_t ends) const {
    return static_cast<uint32_t>(ends & ((uint64_t{1} << SmallFloatBits(format_)) - 1));
  }
  uint32_t HighCode(uint64_t ends) const {
    return static_cast<uint32_t>(ends >> SmallFloatBits(format_));
  }

  SmallFloat format_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_GRID_ENDS_H_
