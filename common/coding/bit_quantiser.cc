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
    return BitQuantiser(code, paths);
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
    return BitQuantiser(code, paths);
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  KVWIRE_ASSIGN_OR_RETURN(PolarCode code, design.Code(information_bits));
  return BitQuantiser(std::move(code), paths);
}

int64_t BitQuantiser::length() const {
  return std::visit([](const auto& code) { return code.length; }, code_);
}

int64_t BitQuantiser::information_bits() const {
  return std::visit([](const auto& code) { return code.information_bits; }, code_);
}

BitVector BitQuantiser::Encode(const BitVector& source) {
  if (const auto* trellis = std::get_if<TrellisCode>(&code_)) {
    return EncodeTrellis(*trellis, source);
  }
  const auto& polar = std::get<PolarCode>(code_);
  if (paths_ == 1) {
    if (plain_ == nullptr) plain_ = std::make_unique<PolarEncoder>(polar);
    return plain_->Encode(source);
  }
  if (list_ == nullptr) list_ = std::make_unique<PolarListEncoder>(polar, paths_);
  return list_->Encode(source);
}

BitVector BitQuantiser::Decode(const BitVector& message) const {
  if (const auto* trellis = std::get_if<TrellisCode>(&code_)) {
    return DecodeTrellis(*trellis, message);
  }
  return DecodePolar(std::get<PolarCode>(code_), message);
}

}  // namespace kvwire
