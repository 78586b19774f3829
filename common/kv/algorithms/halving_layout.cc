#include "common/kv/algorithms/halving_layout.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr int64_t kMostKept = int64_t{1} << 32;

}  // namespace

absl::StatusOr<HalvingLayout> HalvingLayout::FromSpec(const AlgorithmSpec& spec) {
  HalvingLayout layout;
  KVWIRE_ASSIGN_OR_RETURN(layout.sinks, spec.IntOption("sinks", 16, 0, kMostKept));
  KVWIRE_ASSIGN_OR_RETURN(layout.window, spec.IntOption("window", 64, 0, kMostKept));
  KVWIRE_ASSIGN_OR_RETURN(layout.block, spec.IntOption("block", 128, 2, kMostBlock));
  if (layout.block % 2 == 0) return layout;
  return absl::InvalidArgumentError(absl::StrCat(
      "algorithm ", spec.name(), ": option block=", layout.block, " must be even"));
}

int64_t HalvingLayout::Rows(int64_t n) const {
  int64_t rows = Sinks(n) + Window(n);
  for (int64_t level = 0; level < Levels(n); ++level) rows += LevelRows(n, level);
  return rows;
}

}  // namespace kvwire
