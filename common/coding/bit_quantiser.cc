#include "common/coding/bit_quantiser.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_rate.h"
#include "common/coding/trellis_rate.h"

namespace kvwire {
namespace {

// Polar codes take what a trellis code cannot: long blocks, no errors or next to none, and so
// many that there is nothing to say.
bool PrefersTrellis(int64_t length, double distortion, int paths) {
  return distortion >= kLeastTrellisDistortion && distortion <= kMostTrellisDistortion &&
         length >= 1 && length <= kMostTrellisLength &&
         TrellisExcess(length, distortion) < PolarExcess(length, distortion, paths);
}

absl::Status CheckArguments(double distortion, int paths) {
  if (!(distortion >= 0 && distortion <= 0.5)) {
    return absl::InvalidArgumentError(absl::StrCat("distortion ", distortion, ": 0 to 0.5"));
  }
  if (paths < 1 || paths > kMostPolarPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat(paths, " paths: 1 to ", kMostPolarPaths, " can be followed"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BitQuantiser> BitQuantiser::Create(int64_t length, double distortion,
                                                  int paths) {
  KVWIRE_RETURN_IF_ERROR(CheckArguments(distortion, paths));
  if (PrefersTrellis(length, distortion, paths)) {
    KVWIRE_ASSIGN_OR_RETURN(const TrellisCode code, TrellisCodeFor(length, distortion));
    return BitQuantiser(code);
  }
  KVWIRE_ASSIGN_OR_RETURN(PolarCode code, PolarCodeFor(length, distortion, paths));
  return BitQuantiser(std::move(code), paths);
}

absl::StatusOr<BitQuantiser> BitQuantiser::Create(int64_t length, double distortion, int paths,
                                                  int64_t information_bits) {
  KVWIRE_RETURN_IF_ERROR(CheckArguments(distortion, paths));
  if (PrefersTrellis(length, distortion, paths)) {
    KVWIRE_ASSIGN_OR_RETURN(const TrellisCode code,
                            TrellisCode::Create(length, information_bits));
    return BitQuantiser(code);
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  KVWIRE_ASSIGN_OR_RETURN(PolarCode code, design.Code(information_bits));
  return BitQuantiser(std::move(code), paths);
}

BitVector BitQuantiser::Encode(const BitVector& source) {
  if (IsTrellis()) return EncodeTrellis(trellis_, source);
  if (paths_ == 1) {
    if (plain_ == nullptr) plain_ = std::make_unique<PolarEncoder>(polar_);
    return plain_->Encode(source);
  }
  if (list_ == nullptr) list_ = std::make_unique<PolarListEncoder>(polar_, paths_);
  return list_->Encode(source);
}

BitVector BitQuantiser::Decode(const BitVector& message) const {
  return IsTrellis() ? DecodeTrellis(trellis_, message) : DecodePolar(polar_, message);
}

}  // namespace kvwire
