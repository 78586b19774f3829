#include "common/coding/trellis_code.h"

#include <array>
#include <bit>
#include <cassert>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/coding/lanes.h"
#include "common/coding/trellis_taps.h"

namespace kvwire {
namespace {

constexpr size_t kStates = size_t{1} << kTrellisMemory;
// States that differ in their oldest bit alone go on alike: those of the first half stand for
// both in what follows.
constexpr size_t kHalf = kStates / 2;
constexpr size_t kHalfLanes = kHalf / kLanes;

using HalfStates = std::array<Lanes, kHalfLanes>;

// Every state is kTrellisMemory steps from every other: so no distance is longer than the
// least by more than what those steps can say wrong.
constexpr int kMostSpread = kTrellisMemory * static_cast<int>(kMostTrellisStep);
constexpr int16_t kFar = 8191;       // a state that no message leads to yet
constexpr int16_t kReduceAt = 8192;  // distances this long are all reduced
static_assert(kReduceAt - kMostSpread > 2048);
constexpr int16_t kReduction = 2048;

// For each mask, -1 where the parity of a state of the first half under it is odd. The oldest
// bit of the register is not the state's: the state is the register without its newest bit.
std::array<HalfStates, kTrellisTaps> DrawParities() {
  std::array<HalfStates, kTrellisTaps> parities;
  for (size_t k = 0; k < parities.size(); ++k) {
    const uint32_t mask = TrellisTaps()[k] >> 1;
    for (uint32_t p = 0; p < kHalf; ++p) {
      parities[k][p / kLanes][p % kLanes] =
          static_cast<int16_t>(-(std::popcount(p & mask) % 2));
    }
  }
  return parities;
}

const std::array<HalfStates, kTrellisTaps>& ParitiesOfStates() {
  static const std::array<HalfStates, kTrellisTaps> parities = DrawParities();
  return parities;
}

// Least distances of all messages so far that lead to each state, less what was reduced.
class Viterbi {
 public:
  explicit Viterbi(int64_t steps) : ways_(static_cast<size_t>(steps) * kWaysOfStep) {
    const Lanes far = SplatLanes(kFar);
    first_.fill(far);
    second_.fill(far);
    first_[0][0] = 0;
  }

  // A step that says the bits [begin, end) of the source.
  void Step(const BitVector& source, int64_t begin, int64_t end) {
    HalfStates distances = {};
    for (int64_t i = begin; i < end; ++i) {
      const HalfStates& parities = parities_[static_cast<size_t>(i) % kTrellisTaps];
      const Lanes wanted = SplatLanes(source.Get(i) ? -1 : 0);
      for (size_t k = 0; k < kHalfLanes; ++k) distances[k] -= parities[k] ^ wanted;
    }
    const Lanes count = SplatLanes(static_cast<int16_t>(end - begin));
    uint8_t* const ways = ways_.data() + step_++ * kWaysOfStep;
    HalfStates zero;  // into states whose newest bit is 0, and 1
    HalfStates one;
    for (size_t k = 0; k < kHalfLanes; ++k) {
      const Lanes near = distances[k];
      const Lanes opposite = count - near;
      zero[k] = Nearer(first_[k] + near, second_[k] + opposite, ways[k]);
      one[k] = Nearer(first_[k] + opposite, second_[k] + near, ways[kHalfLanes + k]);
    }
    Interleave(zero, one);
    if (first_[0][0] >= kReduceAt) Reduce();
  }

  // The message that leads to the nearest state.
  BitVector Message() const {
    size_t state = NearestState();
    BitVector message(static_cast<int64_t>(step_));
    for (size_t step = step_; step-- > 0;) {
      const size_t newest = state & 1;
      const size_t half = state / 2;
      message.Set(static_cast<int64_t>(step), newest != 0);
      const uint8_t ways = ways_[step * kWaysOfStep + newest * kHalfLanes + half / kLanes];
      state = half + ((ways >> half % kLanes & 1) != 0 ? kHalf : 0);
    }
    return message;
  }

 private:
  static constexpr size_t kWaysOfStep = 2 * kHalfLanes;

  // Bit i of `way` is 1 where the second is nearer.
  static Lanes Nearer(Lanes a, Lanes b, uint8_t& way) {
    way = SignsOfLanes(b - a);
    return MinLanes(a, b);
  }

  // A state's bits move up by one, and the newest comes in below.
  void Interleave(const HalfStates& zero, const HalfStates& one) {
    for (size_t k = 0; k < kHalfLanes; ++k) {
      HalfStates& half = 2 * k < kHalfLanes ? first_ : second_;
      const size_t to = 2 * k % kHalfLanes;
      half[to] = __builtin_shufflevector(zero[k], one[k], 0, 8, 1, 9, 2, 10, 3, 11);
      half[to + 1] = __builtin_shufflevector(zero[k], one[k], 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }

  void Reduce() {
    for (Lanes& lanes : first_) lanes -= SplatLanes(kReduction);
    for (Lanes& lanes : second_) lanes -= SplatLanes(kReduction);
  }

  size_t NearestState() const {
    const auto distance = [this](size_t state) {
      const HalfStates& half = state < kHalf ? first_ : second_;
      return half[state % kHalf / kLanes][state % kLanes];
    };
    size_t nearest = 0;
    for (size_t state = 1; state < kStates; ++state) {
      if (distance(state) < distance(nearest)) nearest = state;
    }
    return nearest;
  }

  const std::array<HalfStates, kTrellisTaps>& parities_ = ParitiesOfStates();
  HalfStates first_;   // states whose oldest bit is 0
  HalfStates second_;  // and 1
  std::vector<uint8_t> ways_;
  size_t step_ = 0;
};

}  // namespace

absl::StatusOr<TrellisCode> TrellisCode::Create(int64_t length, int64_t information_bits) {
  if (length < 1 || length > kMostTrellisLength || information_bits < 0 ||
      information_bits > length ||
      (information_bits > 0 && length > kMostTrellisStep * information_bits)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no trellis code says ", length, " bits in ", information_bits));
  }
  return TrellisCode{.length = length, .information_bits = information_bits};
}

BitVector EncodeTrellis(const TrellisCode& code, const BitVector& source) {
  assert(source.size_bits() == code.length);
  Viterbi viterbi(code.information_bits);
  for (int64_t step = 0; step < code.information_bits; ++step) {
    viterbi.Step(source, code.FirstOf(step), code.FirstOf(step + 1));
  }
  return viterbi.Message();
}

BitVector DecodeTrellis(const TrellisCode& code, const BitVector& message) {
  assert(message.size_bits() == code.information_bits);
  BitVector word(code.length);
  uint32_t bits = 0;
  for (int64_t step = 0; step < code.information_bits; ++step) {
    bits = (bits << 1 | uint32_t{message.Get(step)}) & (2 * kStates - 1);
    for (int64_t i = code.FirstOf(step); i < code.FirstOf(step + 1); ++i) {
      const uint32_t mask = TrellisTaps()[static_cast<size_t>(i) % kTrellisTaps];
      word.Set(i, std::popcount(bits & mask) % 2 != 0);
    }
  }
  return word;
}

}  // namespace kvwire
