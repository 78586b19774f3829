#include "common/kv/snapshot_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// Whose checksum is taken at once: what reads it next finds it in the cache.
constexpr int64_t kPartBytes = int64_t{1} << 18;

}  // namespace

absl::Status SnapshotParser::Append(std::string_view piece) {
  while (status_.ok() && !piece.empty()) status_ = Consume(piece);
  return status_;
}

absl::Status SnapshotParser::Finish() {
  KVWIRE_RETURN_IF_ERROR(status_);
  if (stage_ == Stage::kEnd) return absl::OkStatus();
  std::string where = "its header";
  if (stage_ != Stage::kHeader) {
    where = absl::StrCat("section ", section_, " of ", sections_);
  }
  if (stage_ == Stage::kBody) {
    absl::StrAppend(&where, ", ", body_left_, " bytes before the end of its body");
  }
  status_ = absl::DataLossError(
      absl::StrCat("the snapshot ends too early: at byte ", position_, ", in ", where));
  return status_;
}

absl::Status SnapshotParser::Damage(const std::string& what) const {
  return absl::DataLossError(absl::StrCat("at byte ", position_ - 1, ": ", what));
}

absl::Status SnapshotParser::Consume(std::string_view& piece) {
  if (stage_ != Stage::kBody) {
    const char byte = piece.front();
    piece.remove_prefix(1);
    ++position_;
    return ConsumeByte(byte);
  }
  const auto part = piece.substr(
      0, static_cast<size_t>(
             std::min({body_left_, static_cast<int64_t>(piece.size()), kPartBytes})));
  piece.remove_prefix(part.size());
  crc_ = Crc32c(part, crc_);
  position_ += static_cast<int64_t>(part.size());
  body_left_ -= static_cast<int64_t>(part.size());
  if (body_left_ == 0) stage_ = Stage::kChecksum;
  if (!exhausted_.ok()) return absl::OkStatus();
  absl::Status status = visitor_.VisitBody(part);
  if (!absl::IsResourceExhausted(status)) return status;
  exhausted_ = std::move(status);
  return absl::OkStatus();
}

// A header says how long it is only as it is read; all of them are short.
absl::Status SnapshotParser::ConsumeByte(char byte) {
  if (stage_ == Stage::kEnd) return Damage("bytes after the end of the snapshot");
  pending_.push_back(byte);
  if (stage_ == Stage::kHeader) return ReadHeader();
  if (stage_ == Stage::kSectionHeader) return ReadSectionHeader();
  return pending_.size() < kChecksumBytes ? absl::OkStatus() : ReadChecksum();
}

absl::Status SnapshotParser::ReadHeader() {
  if (pending_.size() < header_needs_) return absl::OkStatus();
  const auto parsed = ParseSnapshotHeader(pending_);
  if (!parsed.ok()) return Damage(std::string(parsed.status().message()));
  header_needs_ = parsed->bytes;
  if (!parsed->header.has_value()) return absl::OkStatus();
  const SnapshotHeader& header = *parsed->header;
  pending_.clear();
  sections_ = header.sections;
  NextSection();
  return visitor_.VisitHeader(header, position_);
}

absl::Status SnapshotParser::ReadSectionHeader() {
  const auto parsed = ParseSectionHeader(pending_);
  if (!parsed.ok()) return Damage(std::string(parsed.status().message()));
  if (!parsed->has_value()) return absl::OkStatus();
  const SnapshotSection& section = (*parsed)->section;
  crc_ = Crc32c(pending_);
  pending_.clear();
  body_left_ = section.bytes();
  stage_ = body_left_ > 0 ? Stage::kBody : Stage::kChecksum;
  return visitor_.BeginSection(section, static_cast<int64_t>((*parsed)->bytes));
}

absl::Status SnapshotParser::ReadChecksum() {
  const auto stored = LoadLittleEndian<uint32_t>(pending_.data());
  if (stored != crc_) {
    return Damage(absl::StrFormat(
        "the checksum of a section is wrong: section %d of %d says %08x and has %08x",
        section_, sections_, stored, crc_));
  }
  KVWIRE_RETURN_IF_ERROR(exhausted_);
  pending_.clear();
  NextSection();
  return visitor_.EndSection(stored);
}

void SnapshotParser::NextSection() {
  stage_ = section_ < sections_ ? Stage::kSectionHeader : Stage::kEnd;
  section_ = std::min(section_ + 1, sections_);
}

}  // namespace kvwire
