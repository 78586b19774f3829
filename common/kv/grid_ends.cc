#include "common/kv/grid_ends.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace kvwire {

std::pair<float, float> LeastAndGreatest(absl::Span<const float> numbers) {
  constexpr size_t kLanes = 8;
  std::array<float, kLanes> least;
  std::array<float, kLanes> greatest;
  least.fill(numbers.front());
  greatest.fill(numbers.front());
  const auto take = [&](size_t lane, float number) {
    least[lane] = number < least[lane] ? number : least[lane];
    greatest[lane] = number > greatest[lane] ? number : greatest[lane];
  };
  size_t i = 0;
  for (; i + kLanes <= numbers.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) take(lane, numbers[i + lane]);
  }
  for (size_t lane = 0; i < numbers.size(); ++i, ++lane) take(lane, numbers[i]);
  return {*std::min_element(least.begin(), least.end()),
          *std::max_element(greatest.begin(), greatest.end())};
}

absl::Status GridEnds::CheckField(const PackedBits& field) const {
  for (int64_t at = 0; at < field.bits(); at += bits()) {
    const uint64_t ends = field.Get(at, bits());
    if (IsFiniteCode(format_, LowCode(ends)) && IsFiniteCode(format_, HighCode(ends)) &&
        SmallFloatValue(format_, LowCode(ends)) <= SmallFloatValue(format_, HighCode(ends))) {
      continue;
    }
    return absl::DataLossError(
        absl::StrCat("the ends of group ", at / bits(), " are not those of a range"));
  }
  return absl::OkStatus();
}

}  // namespace kvwire
