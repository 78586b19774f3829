#include "common/kv/algorithm_spec.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

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
    return c >= ' ' && c <= '~' && c != ',' && c != '=' && c != '+';
  });
}

absl::Status NotASpec(const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("algorithm: ", why,
                   "; the form is name or name:key=value,key=value, and wrappers of that "
                   "form after a + each"));
}

// Digits with or without a fraction, and no digit that could be left out.
bool IsPlainNumber(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  return point == std::string_view::npos ||
         (digits(text.substr(point + 1)) && text.back() != '0');
}

}  // namespace

absl::StatusOr<AlgorithmSpec> AlgorithmSpec::Parse(std::string_view text) {
  if (text.size() > kMaxSpecLength) {
    return NotASpec(
        absl::StrCat("a text of ", text.size(), " characters is over ", kMaxSpecLength));
  }
  const std::vector<std::string> layers = absl::StrSplit(std::string(text), '+');
  KVWIRE_ASSIGN_OR_RETURN(AlgorithmSpec spec, ParseLayer(layers.front()));
  for (size_t i = 1; i < layers.size(); ++i) {
    KVWIRE_ASSIGN_OR_RETURN(AlgorithmSpec wrapper, ParseLayer(layers[i]));
    spec.Wrap(std::move(wrapper));
  }
  return spec;
}

absl::StatusOr<AlgorithmSpec> AlgorithmSpec::ParseLayer(std::string_view text) {
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

void AlgorithmSpec::Wrap(AlgorithmSpec wrapper) { wrappers_.push_back(std::move(wrapper)); }

AlgorithmSpec AlgorithmSpec::WithoutWrappers() const {
  AlgorithmSpec spec = *this;
  spec.wrappers_.clear();
  return spec;
}

std::string AlgorithmSpec::ToString() const {
  std::string text = name_;
  char separator = ':';
  for (const auto& [key, value] : options_) {
    text.push_back(separator);
    absl::StrAppend(&text, key, "=", value);
    separator = ',';
  }
  for (const AlgorithmSpec& wrapper : wrappers_) {
    absl::StrAppend(&text, "+", wrapper.ToString());
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

absl::StatusOr<double> AlgorithmSpec::RealOption(std::string_view key, double fallback,
                                                 double low, double high) const {
  const auto found = options_.find(key);
  if (found == options_.end()) return fallback;
  double value = 0;
  if (!IsPlainNumber(found->second) || !absl::SimpleAtod(found->second, &value) ||
      value < low || value > high) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm ", name_, ": option ", found->first, "=", found->second,
                     " must be a number from ", low, " to ", high, ", written like 12.5"));
  }
  return value;
}

absl::StatusOr<int> AlgorithmSpec::ChoiceOption(std::string_view key,
                                                absl::Span<const char* const> choices) const {
  const auto found = options_.find(key);
  if (found == options_.end()) return 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (found->second == choices[i]) return static_cast<int>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("algorithm ", name_, ": option ", found->first, "=", found->second,
                   " must be one of ", absl::StrJoin(choices, ", ")));
}

}  // namespace kvwire
