#include "common/coding/polar_encoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/coding/polar_block.h"
#include "common/coding/polar_leaf.h"
#include "common/coding/polar_plan.h"
#include "common/coding/soft_bits.h"

namespace kvwire {
namespace {

// The source is believed a little more than a code designed for coin flips would have it: the
// likelier value does better than those. Measured in MATH.md.
constexpr double kWeight = 1.08;

}  // namespace

PolarEncoder::PolarEncoder(PolarCode code)
    : code_(std::move(code)), plan_(PlanPolarSteps(code_)) {
  const auto lanes = static_cast<size_t>(code_.block / kLanes);
  free_.resize(lanes);
  word_.resize(lanes);
}

BitVector PolarEncoder::Encode(const BitVector& source) {
  assert(source.size_bits() == code_.length);
  LoadPolarBeliefs(code_, source, kWeight, beliefs_);
  at_ = 0;
  EncodeNode(beliefs_.data(), free_.data(), word_.data(), code_.block / kLanes);
  return PolarMessage(code_, word_.data());
}

void PolarEncoder::EncodeNode(const Lanes* beliefs, Lanes* free, Lanes* word, int64_t lanes) {
  const int64_t half = lanes / 2;
  switch (static_cast<PolarStep>(plan_[at_++])) {
    case PolarStep::kFrozen:
      std::fill_n(word, lanes, Lanes{});
      return;
    case PolarStep::kFree:
      for (int64_t i = 0; i < lanes; ++i) word[i] = HardBits(beliefs[i]);
      return;
    case PolarStep::kLeaf:
      *word = EncodePolarLeaf(*beliefs, plan_[at_++]);
      return;
    case PolarStep::kHalves:
      PolarFirstHalf(beliefs, half, free);
      EncodeNode(free, free + half, word, half);
      PolarSecondHalf(beliefs, word, half, free);
      EncodeNode(free, free + half, word + half, half);
      for (int64_t i = 0; i < half; ++i) word[i] ^= word[i + half];
      return;
    case PolarStep::kSecondHalf:
      for (int64_t i = 0; i < half; ++i) {
        free[i] = SoftSum(beliefs[i], beliefs[i + half], Lanes{});
      }
      EncodeNode(free, free + half, word + half, half);
      std::copy_n(word + half, half, word);
      return;
    case PolarStep::kFirstHalf:
      PolarFirstHalf(beliefs, half, free);
      EncodeNode(free, free + half, word, half);
      for (int64_t i = 0; i < half; ++i) {
        word[i + half] = HardBits(SoftSum(beliefs[i], beliefs[i + half], word[i]));
        word[i] ^= word[i + half];
      }
      return;
  }
}

}  // namespace kvwire
