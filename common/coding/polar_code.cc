#include "common/coding/polar_code.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

int64_t BlockOf(int64_t length) {
  return std::max(kLeastPolarBlock,
                  static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(length))));
}

// The entropy of the worst of the `count` best positions, count >= 1, and how many of the
// positions that are as good as that one are among them.
std::pair<float, int64_t> Cut(std::vector<float> entropies, int64_t count) {
  const auto last = entropies.begin() + (count - 1);
  std::nth_element(entropies.begin(), last, entropies.end());
  const float cut = *last;
  const auto better =
      std::count_if(entropies.begin(), last, [cut](float z) { return z < cut; });
  return {cut, count - better};
}

}  // namespace

PolarDesign::PolarDesign(int64_t length, double distortion, int exact_levels)
    : length_(length),
      distortion_(distortion),
      entropies_(PolarEntropies(BlockOf(length), BlockOf(length) - length, distortion,
                                exact_levels)) {}

absl::StatusOr<PolarDesign> PolarDesign::Create(int64_t length, double distortion,
                                                int exact_levels) {
  if (length < 1 || length > kMostPolarBlock) {
    return absl::InvalidArgumentError(
        absl::StrCat("a polar code of ", length, " bits: 1 to ", kMostPolarBlock));
  }
  if (!(distortion >= kLeastDesignDistortion && distortion <= kMostDesignDistortion)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no polar code is designed for distortion ", distortion));
  }
  return PolarDesign(length, distortion, exact_levels);
}

absl::StatusOr<PolarCode> PolarDesign::Code(int64_t information_bits) const {
  if (information_bits < 0 || information_bits > length_) {
    return absl::InvalidArgumentError(absl::StrCat("a polar code of ", length_, " bits with ",
                                                   information_bits, " bits of information"));
  }
  const size_t block = entropies_.size();
  PolarCode code{.length = length_,
                 .block = static_cast<int64_t>(block),
                 .information_bits = information_bits,
                 .distortion = distortion_,
                 .information = std::vector<uint64_t>((block + 63) / 64)};
  if (information_bits == 0) return code;
  auto [cut, equals] = Cut(entropies_, information_bits);
  for (size_t i = block; i-- > 0;) {
    const bool chosen = entropies_[i] < cut || (entropies_[i] == cut && equals-- > 0);
    code.information[i / 64] |= uint64_t{chosen} << i % 64;
  }
  return code;
}

}  // namespace kvwire
