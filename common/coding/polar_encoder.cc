#include "common/coding/polar_encoder.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "common/base/little_endian.h"
#include "common/base/portable_math.h"
#include "common/coding/masked_bits.h"
#include "common/coding/polar_leaf.h"
#include "common/coding/polar_plan.h"
#include "common/coding/polar_transform.h"
#include "common/coding/soft_bits.h"

namespace kvwire {
namespace {

// The channel between code word and source is believed a little better than designed for:
// hard rounding does better than the coin flips for which the design is exact. Measured in
// MATH.md.
constexpr double kBelievedDistortion = 0.95;

int16_t SourceBelief(double distortion) {
  const double p = kBelievedDistortion * distortion;
  const double belief = kSoftUnitsPerNat * PortableLog((1 - p) / p);
  return static_cast<int16_t>(std::clamp(belief + 0.5, 1.0, double{kMostSoft}));
}

// What is believed of the first half's code word, a XOR b of the halves a and b of the node's.
void FirstHalfBeliefs(const Lanes* beliefs, int64_t half, Lanes* out) {
  for (int64_t i = 0; i < half; ++i) out[i] = SoftXor(beliefs[i], beliefs[i + half]);
}

// Given the first half's code word.
void SecondHalfBeliefs(const Lanes* beliefs, const Lanes* first, int64_t half, Lanes* out) {
  for (int64_t i = 0; i < half; ++i) out[i] = SoftSum(beliefs[i], beliefs[i + half], first[i]);
}

}  // namespace

PolarEncoder::PolarEncoder(PolarCode code)
    : code_(std::move(code)), plan_(PlanPolarSteps(code_)) {
  const auto lanes = static_cast<size_t>(code_.block / kLanes);
  beliefs_.resize(lanes + 1);  // the source may begin and end within lanes
  free_.resize(lanes);
  word_.resize(lanes);
}

BitVector PolarEncoder::Encode(const BitVector& source) {
  assert(source.size_bits() == code_.length);
  LoadSource(source);
  at_ = 0;
  const auto lanes = static_cast<int64_t>(word_.size());
  EncodeNode(beliefs_.data(), free_.data(), word_.data(), lanes);
  std::vector<uint64_t> words(code_.information.size());
  for (size_t i = 0; i < word_.size(); ++i) {
    words[i / 8] |= uint64_t{SignsOfLanes(word_[i])} << 8 * (i % 8);
  }
  PolarTransform(code_.block, absl::MakeSpan(words));
  return BitVector::FromBytes(GatherBits(words, code_.information), code_.information_bits);
}

// The head of the block is padding, of which nothing is believed.
void PolarEncoder::LoadSource(const BitVector& source) {
  std::fill(beliefs_.begin(), beliefs_.end(), Lanes{});
  const Lanes belief = SplatLanes(SourceBelief(code_.distortion));
  auto* to = reinterpret_cast<int16_t*>(beliefs_.data()) + (code_.block - code_.length);
  for (const char byte : source.bytes()) {
    StoreLanes(NegateLanes(belief, LanesOfBits(static_cast<uint8_t>(byte))), to);
    to += kLanes;
  }
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
      FirstHalfBeliefs(beliefs, half, free);
      EncodeNode(free, free + half, word, half);
      SecondHalfBeliefs(beliefs, word, half, free);
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
      FirstHalfBeliefs(beliefs, half, free);
      EncodeNode(free, free + half, word, half);
      for (int64_t i = 0; i < half; ++i) {
        word[i + half] = HardBits(SoftSum(beliefs[i], beliefs[i + half], word[i]));
        word[i] ^= word[i + half];
      }
      return;
  }
}

}  // namespace kvwire
