#include "common/reduction/parameters.h"

#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/attention/interference.h"
#include "common/base/checksum.h"

namespace kvwire {
namespace {

constexpr char kProblem[] = "var";
constexpr size_t kMaxAlgorithmCharacters = 256;

// Exact and the same on every machine, which no decimal form of fixed width is.
std::string Hexadecimal(double value) {
  char buffer[64];
  char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::hex).ptr;
  return "0x" + std::string(buffer, end);
}

absl::Status CheckSizes(const PublicParameters& parameters) {
  if (parameters.dims < 1 || parameters.dims > kMaxDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameters: d must be from 1 to ", kMaxDims, ", not ", parameters.dims));
  }
  if (parameters.payload_bits() > kMaxPayloadBits) {
    return absl::InvalidArgumentError(absl::StrCat(
        "parameters: the payload L d must be at most ", kMaxPayloadBits, " bits, not ",
        parameters.scales.tokens(), " x ", parameters.dims, " = ", parameters.payload_bits()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckParameters(const PublicParameters& parameters) {
  if (parameters.problem != kProblem) {
    return absl::InvalidArgumentError(absl::StrCat("parameters: the problem must be \"",
                                                   kProblem, "\", not \"",
                                                   parameters.problem.substr(0, 32), "\""));
  }
  if (absl::Status sizes = CheckSizes(parameters); !sizes.ok()) return sizes;
  if (parameters.seed >= kSeedLimit) {
    return absl::InvalidArgumentError(absl::StrCat("parameters: the seed must be below ",
                                                   kSeedLimit, ", not ", parameters.seed));
  }
  // Written so that a NaN fails.
  if (!(parameters.sharpness > 0 && parameters.sharpness <= kLargestSharpness)) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameters: the sharpness C must be above 0 and at most ",
                     kLargestSharpness, ", not ", parameters.sharpness));
  }
  const size_t characters = parameters.algorithm.size();
  if (characters < 1 || characters > kMaxAlgorithmCharacters) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameters: the algorithm must have from 1 to ", kMaxAlgorithmCharacters,
                     " characters, not ", characters));
  }
  return absl::OkStatus();
}

std::string CanonicalText(const PublicParameters& parameters) {
  // The algorithm is the only free text, so it comes last: no text is ambiguous.
  return absl::StrCat(
      "kvwire-parameters-1 problem=", parameters.problem,
      " scales=", parameters.scales.ToString(), " d=", parameters.dims,
      " frame=", std::string(KeyFrameName(parameters.frame)), " seed=", parameters.seed,
      " sharpness=", Hexadecimal(parameters.sharpness), " algorithm=", parameters.algorithm);
}

std::string ParametersDigest(const PublicParameters& parameters) {
  return Sha256Of(CanonicalText(parameters)).substr(0, kParametersDigestBytes);
}

absl::StatusOr<KeyFrame> MakeFrame(const PublicParameters& parameters) {
  return KeyFrame::Create(parameters.frame, parameters.seed, parameters.scales.tokens(),
                          parameters.dims);
}

}  // namespace kvwire
