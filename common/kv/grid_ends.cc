#include "common/kv/grid_ends.h"

#include "absl/strings/str_cat.h"

namespace kvwire {

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
