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

// Where a trellis code needs fewer bits, as measured (MATH.md). Polar codes take all errors
// that a trellis code cannot: none, and so many that there is nothing to say.
bool PrefersTrellis(int64_t length, double distortion) {
  if (distortion < kLeastTrellisDistortion || distortion > kMostTrellisDistortion)
    return false;
  if (distortion >= 0.42) return length < 1 << 18;
  if (distortion >= 0.35) return length < 1 << 17;
  if (distortion >= 0.25) return length < 1 << 15;
  if (distortion >= 0.15) return length < 1 << 14;
  if (distortion >= 0.08) return length < 1 << 13;
  return length < 1 << 12;
}

}  // namespace

absl::StatusOr<BitQuantiser> BitQuantiser::Create(int64_t length, double distortion) {
  if (PrefersTrellis(length, distortion)) {
    KVWIRE_ASSIGN_OR_RETURN(const TrellisCode code, TrellisCodeFor(length, distortion));
    return BitQuantiser(code);
  }
  KVWIRE_ASSIGN_OR_RETURN(PolarCode code, PolarCodeFor(length, distortion));
  return BitQuantiser(std::move(code));
}

absl::StatusOr<BitQuantiser> BitQuantiser::Create(int64_t length, double distortion,
                                                  int64_t information_bits) {
  if (!(distortion >= 0 && distortion <= 0.5)) {
    return absl::InvalidArgumentError(absl::StrCat("distortion ", distortion, ": 0 to 0.5"));
  }
  if (PrefersTrellis(length, distortion)) {
    KVWIRE_ASSIGN_OR_RETURN(const TrellisCode code,
                            TrellisCode::Create(length, information_bits));
    return BitQuantiser(code);
  }
  const double designed =
      std::clamp(distortion, kLeastDesignDistortion, kMostDesignDistortion);
  KVWIRE_ASSIGN_OR_RETURN(const PolarDesign design, PolarDesign::Create(length, designed));
  KVWIRE_ASSIGN_OR_RETURN(PolarCode code, design.Code(information_bits));
  return BitQuantiser(std::move(code));
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
  if (polar_ == nullptr) polar_ = std::make_unique<PolarEncoder>(std::get<PolarCode>(code_));
  return polar_->Encode(source);
}

BitVector BitQuantiser::Decode(const BitVector& message) const {
  if (const auto* trellis = std::get_if<TrellisCode>(&code_)) {
    return DecodeTrellis(*trellis, message);
  }
  return DecodePolar(std::get<PolarCode>(code_), message);
}

}  // namespace kvwire
