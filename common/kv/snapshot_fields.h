#ifndef KVWIRE_COMMON_KV_SNAPSHOT_FIELDS_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_FIELDS_H_

// A snapshot's header field by field, as it is written and as `kvwire inspect` shows it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/kv/snapshot_header.h"

namespace kvwire {

inline constexpr std::string_view kSnapshotMagic = "KVWS";

// Bits of the flags.
inline constexpr uint8_t kTensorFlag = 1;
inline constexpr uint8_t kSignsFlag = 2;

struct SnapshotField {
  std::string name;   // "tokens", "option of streaming", ...
  std::string bytes;  // as in the file
  std::string value;  // what they say
};

// "ordinary attention, values of bits", and the other kinds.
std::string SnapshotKind(const SnapshotHeader& header);

// The fields of EncodeSnapshotHeader(header) in order, the checksum last.
std::vector<SnapshotField> SnapshotFields(const SnapshotHeader& header);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_FIELDS_H_
