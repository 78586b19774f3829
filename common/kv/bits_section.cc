#include "common/kv/bits_section.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace kvwire {

absl::Status BitsSection::Begin(const SnapshotSection& section, SectionContent expected) {
  bits_ = section.bits;
  if (section.content == expected) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a section of ", std::string(SectionContentName(section.content)),
                   " where one of ", std::string(SectionContentName(expected)), " is due"));
}

absl::Status BitsSection::Append(std::string_view piece, PackedBits& out) const {
  const int64_t left = (bits_ + 7) / 8 - out.bits() / 8;
  if (static_cast<int64_t>(piece.size()) > left) {
    return absl::DataLossError("a section is longer than announced");
  }
  out.AppendBytes(piece, left);
  return absl::OkStatus();
}

absl::Status BitsSection::End(PackedBits& out) const {
  if (out.bits() < bits_) return absl::DataLossError("a section is shorter than announced");
  if (!out.Truncate(bits_)) {
    return absl::DataLossError("unused bits of a section's last byte are set");
  }
  return absl::OkStatus();
}

}  // namespace kvwire
