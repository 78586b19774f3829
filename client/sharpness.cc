#include "client/sharpness.h"

#include <charconv>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/attention/interference.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr double kLargestMass = 0.1;
constexpr double kPaperEpsilon = 0.1;

absl::StatusOr<double> SolveOnce(const PublicParameters& parameters) {
  using Key = std::tuple<KeyFrameKind, uint64_t, int64_t, int64_t>;
  static std::mutex mutex;
  static auto& solved = *new std::map<Key, double>();
  const std::lock_guard lock(mutex);
  const Key key{parameters.frame, parameters.seed, parameters.scales.tokens(),
                parameters.dims};
  const auto known = solved.find(key);
  if (known != solved.end()) return known->second;
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrame frame, MakeFrame(parameters));
  const absl::StatusOr<double> sharpness = SolveSharpness(frame, kLargestMass);
  if (!sharpness.ok()) return absl::InvalidArgumentError(sharpness.status().message());
  return solved[key] = *sharpness;
}

}  // namespace

absl::StatusOr<double> SharpnessOf(const std::string& text,
                                   const PublicParameters& parameters) {
  if (text == "solve") return SolveOnce(parameters);
  if (text == "paper") {
    const auto tokens =
        static_cast<double>(parameters.scales.tokens() + parameters.scales.queries() - 1);
    return 2 * std::log(tokens) / (1 - kPaperEpsilon);
  }
  double number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sharpness ", text, " is neither 'solve', 'paper' nor a number"));
  }
  return number;
}

}  // namespace kvwire
