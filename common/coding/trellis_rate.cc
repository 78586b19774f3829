#include "common/coding/trellis_rate.h"

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/bit_vector.h"
#include "common/base/portable_math.h"
#include "common/coding/distortion_search.h"

namespace kvwire {
namespace {

// Means within 1 % at distortion 0.01, and better above.
constexpr TrialSize kTrials = {
    .errors = 1300, .least_bits = int64_t{1} << 17, .most_bits = int64_t{1} << 18};

}  // namespace

double TrellisExcess(int64_t length, double distortion) {
  const double rate = RateDistortion(distortion);
  const double x = -PortableLog(rate);
  // The register takes its time to fill.
  constexpr double kStartBits = 3.3;
  return 0.095 * x / (x + 0.5) + kStartBits / (rate * static_cast<double>(length));
}

absl::StatusOr<TrellisCode> TrellisCodeFor(int64_t length, double distortion) {
  if (!(distortion >= kLeastTrellisDistortion && distortion <= kMostTrellisDistortion) ||
      length < 1 || length > kMostTrellisLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("no trellis code of ", length, " bits for distortion ", distortion));
  }
  const int64_t least = (length + kMostTrellisStep - 1) / kMostTrellisStep;
  const double guess = (1 + TrellisExcess(length, distortion)) * RateDistortion(distortion) *
                       static_cast<double>(length);
  const int64_t bits =
      FindInformationBits(length, distortion, least, guess, [&](int64_t information_bits) {
        const TrellisCode code{.length = length, .information_bits = information_bits};
        return TriedDistortion(length, distortion, kTrials, [&code](const BitVector& word) {
          return DecodeTrellis(code, EncodeTrellis(code, word));
        });
      });
  return TrellisCode::Create(length, bits);
}

}  // namespace kvwire
