#ifndef KVWIRE_COMMON_CODING_ADAPTIVE_BIT_H_
#define KVWIRE_COMMON_CODING_ADAPTIVE_BIT_H_

// The probability that a binary decision comes out as 1, learnt from how it came out so
// far, in integers: the same on every machine.

#include <algorithm>
#include <array>
#include <cstdint>

namespace kvwire {

// Probabilities are in units of 2^-16. None is ever closer to 0 or 1 than kLeast, so that
// a decision costs from 0.00035 to 12 bits.
inline constexpr int kProbabilityBits = 16;
inline constexpr uint32_t kLeastProbability = 16;

// The estimate of Krichevsky and Trofimov (1981), (ones + 1/2) / (count + 1), which for the
// first kMostCount decisions costs at most log2(count) / 2 + 1 bits more than the best fixed
// probability would have; after that, old decisions fade.
class AdaptiveBit {
 public:
  static constexpr uint32_t kMostCount = 1023;

  // How many decisions have been seen, at most kMostCount.
  uint32_t count() const { return state_ % (kMostCount + 1); }

  // Of a 1, from 0 to 2^16.
  uint32_t probability() const { return state_ >> (kCountBits + kExtraBits); }

  void Update(bool one) {
    const uint32_t seen = count();
    const int64_t estimate = state_ >> kCountBits;
    const int64_t target = one ? (int64_t{1} << kEstimateBits) - 1 : 0;
    const int64_t moved = estimate + ((target - estimate) * kRates[seen] >> kRateBits);
    state_ = static_cast<uint32_t>(moved) << kCountBits | std::min(seen + 1, kMostCount);
  }

 private:
  static constexpr int kCountBits = 10;
  static constexpr int kEstimateBits = 32 - kCountBits;
  static constexpr int kExtraBits = kEstimateBits - kProbabilityBits;
  static constexpr int kRateBits = 16;

  // How far the estimate moves towards what came: 1 / (count + 2).
  static constexpr std::array<uint16_t, kMostCount + 1> kRates = [] {
    std::array<uint16_t, kMostCount + 1> rates{};
    for (uint32_t count = 0; count <= kMostCount; ++count) {
      rates[count] = static_cast<uint16_t>((1U << kRateBits) / (count + 2));
    }
    return rates;
  }();

  // The estimate in the higher bits, the count in the lower ones.
  uint32_t state_ = uint32_t{1} << 31;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CODING_ADAPTIVE_BIT_H_
