#ifndef KVWIRE_COMMON_KV_SNAPSHOT_INSPECTION_H_
#define KVWIRE_COMMON_KV_SNAPSHOT_INSPECTION_H_

// A snapshot broken down to the byte, by itself: no setup, frame or key is needed, and
// what the bodies say is not looked at.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/snapshot_fields.h"
#include "common/kv/snapshot_parser.h"

namespace kvwire {

struct InspectedSection {
  SnapshotSection section;  // content and bits
  int64_t offset = 0;       // of its first byte in the snapshot
  int64_t header_bytes = 0;
  uint32_t checksum = 0;  // found to be right
  // What the section has without the outermost wrapper, if that codes sections; else the
  // same. Nothing if its body does not begin as such a one does.
  std::optional<int64_t> uncoded_bits;

  int64_t body_offset() const { return offset + header_bytes; }
  int64_t bytes() const {
    return header_bytes + section.bytes() + static_cast<int64_t>(kChecksumBytes);
  }
};

// All sections of one content.
struct ContentTotal {
  SectionContent content = SectionContent::kRows32;
  int64_t sections = 0;
  int64_t bits = 0;
  int64_t bytes = 0;  // of the bodies
  std::optional<int64_t> uncoded_bits = 0;
};

struct SnapshotInspection {
  SnapshotHeader header;
  std::vector<InspectedSection> sections;
  int64_t header_bytes = 0;
  int64_t bytes = 0;  // of the whole snapshot

  // Whether the outermost wrapper codes sections.
  bool IsCoded() const;
  // The fields of the header, whose bytes are the first header_bytes.
  std::vector<SnapshotField> Fields() const { return SnapshotFields(header); }
  // By content, in order of its number.
  std::vector<ContentTotal> Totals() const;
  // The state: the exact bits of all bodies.
  int64_t PayloadBits() const;
  // All bytes that are not of a body.
  int64_t ContainerBytes() const;
  // 2 n w, the numbers in the keys and values of all n tokens that were ever appended,
  // evicted and zero ones included, because a snapshot does not say how many those are.
  double Elements() const;
  // PayloadBits() / Elements(); nothing if there are none.
  std::optional<double> BitsPerElement() const;
};

// Thread-compatible.
class SnapshotInspector : private SnapshotVisitor {
 public:
  SnapshotInspector() : parser_(*this) {}

  // Takes the next bytes. Errors as SnapshotParser::Append.
  absl::Status Append(std::string_view piece) { return parser_.Append(piece); }

  // What was found. Errors as SnapshotParser::Finish.
  absl::StatusOr<SnapshotInspection> Finish();

 private:
  absl::Status VisitHeader(const SnapshotHeader& header, int64_t bytes) override;
  absl::Status BeginSection(const SnapshotSection& section, int64_t header_bytes) override;
  absl::Status VisitBody(std::string_view piece) override;
  absl::Status EndSection(uint32_t checksum) override;

  SnapshotParser parser_;
  SnapshotInspection found_;
  std::string body_;  // its first bytes, of the section at hand
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SNAPSHOT_INSPECTION_H_
