#include "common/kv/algorithms/row_norm.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/matrix.h"
#include "common/base/ordered_dot.h"

namespace kvwire {
namespace {

constexpr double kLargestHalf = 65504;
constexpr uint64_t kSign = 0x8000;

}  // namespace

absl::Status CheckNorm(absl::Span<const float> row) {
  const double norm = OrderedNorm(row);
  if (norm <= kLargestHalf) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a vector of length ", norm, " is over the range of binary16, which is 65504"));
}

uint64_t NormToBits(double number) {
  const double kept = std::clamp(number, -kLargestHalf, kLargestHalf);
  const auto bits = Eigen::numext::bit_cast<uint16_t>(Eigen::half(static_cast<float>(kept)));
  return bits == kSign ? 0 : bits;
}

double NormFromBits(uint64_t bits) {
  return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(static_cast<uint16_t>(bits)));
}

absl::Status CheckLengths(const PackedBits& bits, int64_t row_numbers, bool last_has_sign) {
  for (int64_t i = 0; i < bits.bits() / kNormBits; ++i) {
    const uint64_t number = bits.Get(i * kNormBits, kNormBits);
    const bool may_have_sign = last_has_sign && i % row_numbers == row_numbers - 1;
    if ((number & kSign) == 0 || (may_have_sign && number != kSign)) continue;
    return absl::DataLossError(absl::StrCat("length ", i, " has a minus sign"));
  }
  return absl::OkStatus();
}

}  // namespace kvwire
