#include "common/kv/algorithm_spec.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kvwire {
namespace {

constexpr size_t kMaxSpecLength = 256;

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool IsValue(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != ',' && c != '=';
  });
}

absl::Status NotASpec(const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("algorithm: ", why, "; the form is name or name:key=value,key=value"));
}

}  // namespace

absl::StatusOr<AlgorithmSpec> AlgorithmSpec::Parse(std::string_view text) {
  if (text.size() > kMaxSpecLength) {
    return NotASpec(
        absl::StrCat("a text of ", text.size(), " characters is over ", kMaxSpecLength));
  }
  AlgorithmSpec spec;
  const size_t colon = text.find(':');
  spec.name_ = text.substr(0, colon);
  if (!IsName(spec.name_)) return NotASpec("the name must be of a-z, 0-9, - and _");
  if (colon == std::string_view::npos) return spec;
  const std::vector<std::string> options =
      absl::StrSplit(std::string(text.substr(colon + 1)), ',');
  for (const std::string_view option : options) {
    const size_t equals = option.find('=');
    const std::string_view key = option.substr(0, equals);
    if (equals == std::string_view::npos || !IsName(key) ||
        !IsValue(option.substr(equals + 1))) {
      return NotASpec("an option is not key=value");
    }
    if (!spec.options_.emplace(key, option.substr(equals + 1)).second) {
      return NotASpec(absl::StrCat("option ", std::string(key), " is given twice"));
    }
  }
  return spec;
}

void AlgorithmSpec::Set(std::string_view key, std::string_view value) {
  options_.insert_or_assign(std::string(key), std::string(value));
}

void AlgorithmSpec::Erase(std::string_view key) {
  const auto found = options_.find(key);
  if (found != options_.end()) options_.erase(found);
}

std::string AlgorithmSpec::ToString() const {
  std::string text = name_;
  char separator = ':';
  for (const auto& [key, value] : options_) {
    text.push_back(separator);
    absl::StrAppend(&text, key, "=", value);
    separator = ',';
  }
  return text;
}

absl::StatusOr<int64_t> AlgorithmSpec::IntOption(std::string_view key, int64_t fallback,
                                                 int64_t low, int64_t high) const {
  const auto found = options_.find(key);
  if (found == options_.end()) return fallback;
  int64_t value = 0;
  if (!absl::SimpleAtoi(found->second, &value) || absl::StrCat(value) != found->second ||
      value < low || value > high) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm ", name_, ": option ", found->first, "=", found->second,
                     " must be a whole number from ", low, " to ", high));
  }
  return value;
}

}  // namespace kvwire
