#include "common/coding/trellis_rate.h"

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/bit_vector.h"
#include "common/coding/distortion_search.h"

namespace kvwire {
namespace {

// Means within 1 % at distortion 0.01, and better above.
constexpr TrialSize kTrials = {
    .errors = 1300, .least_bits = int64_t{1} << 17, .most_bits = int64_t{1} << 18};

// What a code needs for each bit of R(D), and for the steps that its register takes to fill
// (measured, MATH.md): where the search begins.
constexpr double kGuessedRatio = 1.06;
constexpr double kGuessedStart = 2;

}  // namespace

absl::StatusOr<TrellisCode> TrellisCodeFor(int64_t length, double distortion) {
  if (!(distortion >= kLeastTrellisDistortion && distortion <= kMostTrellisDistortion) ||
      length < 1 || length > kMostTrellisLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("no trellis code of ", length, " bits for distortion ", distortion));
  }
  const int64_t least = (length + kMostTrellisStep - 1) / kMostTrellisStep;
  const double guess =
      kGuessedRatio * RateDistortion(distortion) * static_cast<double>(length) + kGuessedStart;
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
