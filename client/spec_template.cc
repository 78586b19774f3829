#include "client/spec_template.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

std::optional<int64_t> ParseNumber(std::string_view digits) {
  constexpr size_t kMostDigits = 9;
  const bool plain = !digits.empty() && digits.size() <= kMostDigits &&
                     digits.find_first_not_of("0123456789") == std::string_view::npos;
  int64_t number = 0;
  if (!plain || !absl::SimpleAtoi({digits.data(), digits.size()}, &number))
    return std::nullopt;
  return number;
}

// `body` is what stands between the braces.
std::optional<int64_t> SizeOf(std::string_view body, int64_t tokens) {
  constexpr std::string_view kStart = "n/";
  if (!body.starts_with(kStart)) return std::nullopt;
  body.remove_prefix(kStart.size());
  const size_t minus = body.find('-');
  const std::optional<int64_t> divisor = ParseNumber(body.substr(0, minus));
  std::optional<int64_t> less = 0;
  if (minus != std::string_view::npos) less = ParseNumber(body.substr(minus + 1));
  if (!divisor.has_value() || *divisor < 1 || !less.has_value()) return std::nullopt;
  return std::max<int64_t>(tokens / *divisor - *less, 1);
}

}  // namespace

absl::StatusOr<std::string> ExpandSpec(std::string_view text, int64_t tokens) {
  std::string expanded;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t open = rest.find_first_of("{}");
    expanded.append(rest.substr(0, open));
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open);
    const size_t close = rest.find('}');
    std::optional<int64_t> size;
    if (close != std::string_view::npos && close > 0) {
      size = SizeOf(rest.substr(1, close - 1), tokens);
    }
    if (!size.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("algorithm '", std::string(text),
                       "': a size that follows the stream is written {n/K} or {n/K-C}"));
    }
    absl::StrAppend(&expanded, *size);
    rest.remove_prefix(close + 1);
  }
  return expanded;
}

}  // namespace kvwire
