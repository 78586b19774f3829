#ifndef KVWIRE_COMMON_KV_SNAPSHOT_HEADER_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_HEADER_H_

// The first bytes of every snapshot (grammar in FORMAT.md): what it is a state of. They
// name the algorithm, its options and its wrappers by number, so that a snapshot can be
// told from any other, and taken apart, by itself.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/kv/algorithm_spec.h"
#include "common/kv/attention_kind.h"
#include "common/kv/snapshot_section.h"
#include "common/kv/value_encoding.h"

namespace kvwire {

inline constexpr uint8_t kSnapshotVersion = 2;
inline constexpr size_t kChecksumBytes = 4;

struct SnapshotHeader {
  AlgorithmSpec spec;  // canonical, of built-in algorithms
  AttentionKind attention = AttentionKind::kOrdinary;
  ValueEncoding encoding = ValueEncoding::kBits;
  int64_t dims = 0;      // d
  int64_t tokens = 0;    // ever appended
  int64_t sections = 0;  // that follow, at most 255
};

// The bytes of `header`, whose spec ParseBuiltInSpec would return, checksum included.
std::string EncodeSnapshotHeader(const SnapshotHeader& header);

// A parsed header and its length; or none, and how many bytes it takes to say more of it.
struct ParsedSnapshotHeader {
  std::optional<SnapshotHeader> header;
  size_t bytes = 0;
};

// Reads a header from the beginning of `bytes`; none if more bytes are needed, of
// which there are at most 1024 in any header. Returns DATA_LOSS on another magic or
// version, a wrong checksum, unknown flags, codes or options (a reader that does not know
// them cannot use the state), values out of range, or a second spelling of any of this:
// with fewer of these bytes than it takes to say more it would not have.
absl::StatusOr<ParsedSnapshotHeader> ParseSnapshotHeader(std::string_view bytes);

// The bytes before a section's body, checksum not included.
std::string EncodeSectionHeader(const SnapshotSection& section);

struct ParsedSectionHeader {
  SnapshotSection section;
  size_t bytes = 0;
};

// As ParseSnapshotHeader; DATA_LOSS on an unknown content or a length of 2^56 or more.
absl::StatusOr<std::optional<ParsedSectionHeader>> ParseSectionHeader(std::string_view bytes);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_HEADER_H_
