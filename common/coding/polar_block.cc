#include "common/coding/polar_block.h"

#include <algorithm>

#include "absl/types/span.h"
#include "common/base/portable_math.h"
#include "common/coding/masked_bits.h"
#include "common/coding/polar_transform.h"

namespace kvwire {
namespace {

int16_t SourceBelief(double distortion, double weight) {
  const double ratio = PortableLog((1 - distortion) / distortion);
  const double belief = weight * kSoftUnitsPerNat * ratio;
  return static_cast<int16_t>(std::clamp(belief + 0.5, 1.0, double{kMostSoft}));
}

}  // namespace

void LoadPolarBeliefs(const PolarCode& code, const BitVector& source, double weight,
                      std::vector<Lanes>& beliefs) {
  // The source may begin within lanes, and its last byte end within them.
  beliefs.assign(static_cast<size_t>(code.block / kLanes + 1), Lanes{});
  const Lanes belief = SplatLanes(SourceBelief(code.distortion, weight));
  auto* to = reinterpret_cast<int16_t*>(beliefs.data()) + (code.block - code.length);
  for (const char byte : source.bytes()) {
    StoreLanes(NegateLanes(belief, LanesOfBits(static_cast<uint8_t>(byte))), to);
    to += kLanes;
  }
}

BitVector PolarMessage(const PolarCode& code, const Lanes* word) {
  std::vector<uint64_t> words(code.information.size());
  for (size_t i = 0; i < static_cast<size_t>(code.block / kLanes); ++i) {
    words[i / 8] |= uint64_t{SignsOfLanes(word[i])} << 8 * (i % 8);
  }
  PolarTransform(code.block, absl::MakeSpan(words));
  return BitVector::FromBytes(GatherBits(words, code.information), code.information_bits);
}

}  // namespace kvwire
