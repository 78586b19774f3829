#include "common/coding/polar_rate.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/bit_vector.h"
#include "common/base/portable_math.h"
#include "common/base/status_macros.h"
#include "common/coding/distortion_search.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"

namespace kvwire {
namespace {

// Means within 0.3 % at distortion 0.01, and better above.
constexpr TrialSize kTrials = {
    .errors = 5000, .least_bits = int64_t{1} << 19, .most_bits = int64_t{1} << 23};

// R(D) and a fit to measured codes (MATH.md) of what they need beyond it.
double GuessedRate(double distortion, double block) {
  const double rate = RateDistortion(distortion);
  const double x = -PortableLog(rate);
  return rate * (1 + (0.4 + 0.12 * x) * std::sqrt(x) / std::sqrt(std::sqrt(block)));
}

double Tried(const PolarCode& code) {
  PolarEncoder encoder(code);
  return TriedDistortion(code.length, code.distortion, kTrials, [&](const BitVector& word) {
    return DecodePolar(code, encoder.Encode(word));
  });
}

}  // namespace

absl::StatusOr<PolarCode> PolarCodeFor(int64_t length, double distortion) {
  if (!(distortion >= 0 && distortion <= 0.5)) {
    return absl::InvalidArgumentError(absl::StrCat("distortion ", distortion, ": 0 to 0.5"));
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  if (distortion < kLeastDesignDistortion) return design.Code(length);
  if (distortion > kMostDesignDistortion) return design.Code(0);
  const auto size = static_cast<double>(length);
  return design.Code(
      FindInformationBits(length, distortion, 0, GuessedRate(distortion, size) * size,
                          // A K within [0, length] has a code.
                          [&design](int64_t bits) { return Tried(*design.Code(bits)); }));
}

}  // namespace kvwire
