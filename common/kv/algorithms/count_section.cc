#include "common/kv/algorithms/count_section.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {

int CountBits(int64_t tokens) {
  return static_cast<int>(std::bit_width(static_cast<uint64_t>(tokens)));
}

SnapshotSection CountSectionOf(size_t groups, int64_t tokens) {
  return {SectionContent::kCounters, static_cast<int64_t>(groups) * CountBits(tokens), 1, 1};
}

PackedBits PackCounts(const std::vector<int64_t>& counts, int64_t tokens) {
  PackedBits bits;
  for (const int64_t count : counts) bits.Put(static_cast<uint64_t>(count), CountBits(tokens));
  return bits;
}

std::vector<int64_t> CountIfAny(int64_t count) {
  if (count == 0) return {};
  return {count};
}

absl::Status CountSection::Begin(int64_t tokens, SnapshotSection section,
                                 int64_t most_groups) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, SectionContent::kCounters));
  const int width = CountBits(tokens);
  const int64_t groups = section.bits / std::max(width, 1);
  const int64_t most = std::min(tokens, most_groups);
  if (groups * width != section.bits || groups > most) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold counters of ", width,
                                            " bits, at most ", most));
  }
  tokens_ = tokens;
  groups_ = groups;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> CountSection::End() {
  KVWIRE_RETURN_IF_ERROR(section_.End(bits_));
  std::vector<int64_t> counts(static_cast<size_t>(groups_));
  BitReader reader(bits_, 0);
  int64_t left = tokens_;
  for (int64_t& count : counts) {
    count = static_cast<int64_t>(reader.Take(CountBits(tokens_)));
    if (count < 1 || count > left) {
      return absl::DataLossError(absl::StrCat("a counter says ", count, " where 1 to ", left,
                                              " of ", tokens_, " tokens are left"));
    }
    left -= count;
  }
  return counts;
}

absl::StatusOr<int64_t> CountSection::EndOnly() {
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<int64_t> counts, End());
  return counts.empty() ? 0 : counts.front();
}

}  // namespace kvwire
