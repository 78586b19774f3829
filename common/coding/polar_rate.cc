#include "common/coding/polar_rate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/binary_entropy.h"
#include "common/base/bit_vector.h"
#include "common/base/portable_math.h"
#include "common/base/status_macros.h"
#include "common/coding/distortion_search.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"
#include "common/coding/polar_list_encoder.h"

namespace kvwire {
namespace {

// Means within 0.3 % at distortion 0.01, and better above.
constexpr TrialSize kTrials = {
    .errors = 5000, .least_bits = int64_t{1} << 19, .most_bits = int64_t{1} << 23};
// Lists take their time.
constexpr TrialSize kListTrials = {
    .errors = 2500, .least_bits = int64_t{1} << 18, .most_bits = int64_t{1} << 20};

template <typename Encoder>
double TriedBy(Encoder encoder, const TrialSize& trials) {
  const PolarCode& code = encoder.code();
  return TriedDistortion(code.length, code.distortion, trials, [&](const BitVector& word) {
    return DecodePolar(code, encoder.Encode(word));
  });
}

double Tried(PolarCode code, int paths) {
  if (paths == 1) return TriedBy(PolarEncoder(std::move(code)), kTrials);
  return TriedBy(PolarListEncoder(std::move(code), paths), kListTrials);
}

}  // namespace

double PolarExcess(int64_t length, double distortion, int paths) {
  const double x = -PortableLog(RateDistortion(distortion));
  const double list = 0.64 + 0.36 / paths;
  const double size = PortableExp(-0.26 * PortableLog(static_cast<double>(length)));
  return list * (0.46 + 0.14 * x) * std::sqrt(x) * size;
}

absl::StatusOr<PolarCode> PolarCodeFor(int64_t length, double distortion, int paths) {
  if (paths < 1 || paths > kMostPolarPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat(paths, " paths: 1 to ", kMostPolarPaths, " can be followed"));
  }
  if (!(distortion >= 0 && distortion <= 0.5)) {
    return absl::InvalidArgumentError(absl::StrCat("distortion ", distortion, ": 0 to 0.5"));
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  if (distortion < kLeastDesignDistortion) return design.Code(length);
  if (distortion > kMostDesignDistortion) return design.Code(0);
  const double guess = (1 + PolarExcess(length, distortion, paths)) *
                       RateDistortion(distortion) * static_cast<double>(length);
  // A K within [0, length] has a code.
  const auto tried = [&](int64_t bits) { return Tried(*design.Code(bits), paths); };
  return design.Code(FindInformationBits(length, distortion, 0, guess, tried));
}

}  // namespace kvwire
