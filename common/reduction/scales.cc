#include "common/reduction/scales.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// Whole decimal numbers only: no sign, no blanks, nothing left over.
absl::StatusOr<int64_t> ParseSide(std::string_view text) {
  int64_t side = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
  if (error != std::errc() || end != text.data() + text.size() || text.front() == '-') {
    return absl::InvalidArgumentError(absl::StrCat(
        "scales: \"", std::string(text.substr(0, 32)), "\" is not the side of a scale; ",
        "expected whole numbers separated by commas, such as 1,2,4,8"));
  }
  return side;
}

}  // namespace

Scales::Scales(std::vector<int64_t> sides) : sides_(std::move(sides)) {
  for (const int64_t side : sides_) {
    tokens_ += queries_;
    queries_ = side * side;
  }
}

absl::StatusOr<Scales> Scales::Pyramid(int64_t side) {
  if (side < 2 || side > kMaxScaleSide || (side & (side - 1)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("scales: the side of a pyramid must be a power of two from 2 to ",
                     kMaxScaleSide, ", not ", side));
  }
  std::vector<int64_t> sides;
  for (int64_t scale = 1; scale <= side; scale *= 2) sides.push_back(scale);
  return FromSides(std::move(sides));
}

absl::StatusOr<Scales> Scales::FromSides(std::vector<int64_t> sides) {
  const auto count = static_cast<int64_t>(sides.size());
  if (count < 2 || count > kMaxScaleCount) {
    return absl::InvalidArgumentError(absl::StrCat("scales: there must be from 2 to ",
                                                   kMaxScaleCount, " scales, not ", count));
  }
  for (const int64_t side : sides) {
    if (side < 1 || side > kMaxScaleSide) {
      return absl::InvalidArgumentError(absl::StrCat(
          "scales: the side of a scale must be from 1 to ", kMaxScaleSide, ", not ", side));
    }
  }
  return Scales(std::move(sides));
}

absl::StatusOr<Scales> Scales::Parse(std::string_view text) {
  std::vector<int64_t> sides;
  for (const absl::string_view piece :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    if (static_cast<int64_t>(sides.size()) == kMaxScaleCount) {
      return absl::InvalidArgumentError(
          absl::StrCat("scales: more than ", kMaxScaleCount, " scales"));
    }
    KVWIRE_ASSIGN_OR_RETURN(const int64_t side, ParseSide({piece.data(), piece.size()}));
    sides.push_back(side);
  }
  return FromSides(std::move(sides));
}

std::string Scales::ToString() const { return absl::StrJoin(sides_, ","); }

}  // namespace kvwire
