#include "common/kv/snapshot_inspection.h"

#include <map>

#include "common/base/status_macros.h"
#include "common/kv/compressed_section.h"
#include "common/kv/registry.h"

namespace kvwire {

bool SnapshotInspection::IsCoded() const {
  const std::vector<AlgorithmSpec>& wrappers = header.spec.wrappers();
  return !wrappers.empty() && FindWrapper(wrappers.back().name()).value()->codes_sections;
}

std::vector<ContentTotal> SnapshotInspection::Totals() const {
  std::map<SectionContent, ContentTotal> totals;
  for (const InspectedSection& inspected : sections) {
    const SnapshotSection& section = inspected.section;
    ContentTotal& total = totals[section.content];
    total.content = section.content;
    ++total.sections;
    total.bits += section.bits;
    total.bytes += section.bytes();
    if (!inspected.uncoded_bits.has_value()) total.uncoded_bits.reset();
    if (total.uncoded_bits.has_value()) *total.uncoded_bits += *inspected.uncoded_bits;
  }
  std::vector<ContentTotal> list;
  list.reserve(totals.size());
  for (const auto& [content, total] : totals) list.push_back(total);
  return list;
}

int64_t SnapshotInspection::PayloadBits() const {
  int64_t bits = 0;
  for (const InspectedSection& section : sections) bits += section.section.bits;
  return bits;
}

int64_t SnapshotInspection::ContainerBytes() const {
  int64_t container = bytes;
  for (const InspectedSection& section : sections) container -= section.section.bytes();
  return container;
}

// A double: 2 n w can be over 2^63.
double SnapshotInspection::Elements() const {
  return 2.0 * static_cast<double>(header.tokens) *
         static_cast<double>(RowWidth(header.attention, header.dims));
}

std::optional<double> SnapshotInspection::BitsPerElement() const {
  if (header.tokens == 0) return std::nullopt;
  return static_cast<double>(PayloadBits()) / Elements();
}

absl::StatusOr<SnapshotInspection> SnapshotInspector::Finish() {
  KVWIRE_RETURN_IF_ERROR(parser_.Finish());
  found_.bytes = parser_.position();
  return found_;
}

absl::Status SnapshotInspector::VisitHeader(const SnapshotHeader& header, int64_t bytes) {
  found_.header = header;
  found_.header_bytes = bytes;
  return absl::OkStatus();
}

absl::Status SnapshotInspector::BeginSection(const SnapshotSection& section,
                                             int64_t header_bytes) {
  found_.sections.push_back({.section = section,
                             .offset = parser_.position() - header_bytes,
                             .header_bytes = header_bytes});
  return absl::OkStatus();
}

absl::Status SnapshotInspector::VisitBody(std::string_view piece) {
  if (body_.size() < kMostLengthBytes) body_.append(piece.substr(0, kMostLengthBytes));
  return absl::OkStatus();
}

absl::Status SnapshotInspector::EndSection(uint32_t checksum) {
  InspectedSection& section = found_.sections.back();
  section.checksum = checksum;
  section.uncoded_bits = found_.IsCoded() ? UncodedBits(section.section, body_)
                                          : std::optional(section.section.bits);
  body_.clear();
  return absl::OkStatus();
}

}  // namespace kvwire
