#ifndef KVWIRE_COMMON_KV_COUNTER_SECTION_H_
#define KVWIRE_COMMON_KV_COUNTER_SECTION_H_

// A section that is one count, of 64 bits, lowest byte first: written, and read in pieces.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/bits_section.h"
#include "common/kv/kv_cache.h"
#include "common/kv/packed_bits.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

class CounterSection {
 public:
  static constexpr SnapshotSection kSection = {SectionContent::kCounters, 64, 8, 8};

  // Writes `count`, at least 0.
  static absl::Status Write(int64_t count, ByteSink sink);

  // Returns DATA_LOSS unless `section` is one.
  absl::Status Begin(const SnapshotSection& section);
  // Returns DATA_LOSS on more bytes than announced.
  absl::Status Append(std::string_view piece) { return section_.Append(piece, bits_); }
  // Returns the count, or DATA_LOSS if bytes are missing or it is over 2^63 - 1.
  absl::StatusOr<int64_t> End();

 private:
  BitsSection section_;
  PackedBits bits_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_COUNTER_SECTION_H_
