#include "common/kv/counter_section.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"

namespace kvwire {

absl::Status CounterSection::Write(int64_t count, ByteSink sink) {
  std::string bytes;
  AppendLittleEndian(static_cast<uint64_t>(count), bytes);
  return sink(bytes);
}

absl::Status CounterSection::Begin(const SnapshotSection& section) {
  KVWIRE_RETURN_IF_ERROR(section_.Begin(section, kSection.content));
  if (section.bits == kSection.bits) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a counter of ", section.bits, " bits, where it has ", kSection.bits));
}

absl::StatusOr<int64_t> CounterSection::End() {
  KVWIRE_RETURN_IF_ERROR(section_.End(bits_));
  const uint64_t count = bits_.Get(0, 32) | bits_.Get(32, 32) << 32;
  if (count <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return static_cast<int64_t>(count);
  }
  return absl::DataLossError(absl::StrCat("a counter stands at ", count));
}

}  // namespace kvwire
