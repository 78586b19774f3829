#include "common/coding/trellis_taps.h"

#include "common/base/counter_rng.h"

namespace kvwire {

const std::array<uint32_t, kTrellisTaps>& TrellisTaps() {
  static const auto taps = [] {
    constexpr uint64_t kSeed = 1;
    const CounterRng random(kSeed, 0);
    std::array<uint32_t, kTrellisTaps> drawn;
    for (size_t i = 0; i < drawn.size(); ++i) {
      const uint64_t between = random.Bits(i) >> (64 - (kTrellisMemory - 1));
      drawn[i] = 1U << kTrellisMemory | static_cast<uint32_t>(between) << 1 | 1U;
    }
    return drawn;
  }();
  return taps;
}

}  // namespace kvwire
