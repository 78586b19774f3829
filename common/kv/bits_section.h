#ifndef KVWIRE_COMMON_KV_BITS_SECTION_H_
#define KVWIRE_COMMON_KV_BITS_SECTION_H_

// The reading side of a section that is a PackedBits.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "common/kv/packed_bits.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

class BitsSection {
 public:
  // Begins a section, whose length the caller has checked. Returns DATA_LOSS unless it
  // is of the expected content.
  absl::Status Begin(const SnapshotSection& section, SectionContent expected);

  // Appends to `out`, which was empty when the section began. Returns DATA_LOSS on more
  // bytes than announced.
  absl::Status Append(std::string_view piece, PackedBits& out) const;

  // Cuts `out` to the section's bits. Returns DATA_LOSS if bytes are missing or unused
  // bits of the last byte are set.
  absl::Status End(PackedBits& out) const;

 private:
  int64_t bits_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_BITS_SECTION_H_
