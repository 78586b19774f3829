#include "common/kv/compressed_section.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/base/varint.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

absl::Status TooLong() { return absl::DataLossError("a section is longer than announced"); }
absl::Status TooShort() { return absl::DataLossError("a section is shorter than announced"); }

}  // namespace

int64_t CodedBodyBytes(const SnapshotSection& section, int64_t code_bytes) {
  std::string length;
  AppendVarint(static_cast<uint64_t>(section.bits), length);
  return static_cast<int64_t>(length.size()) + code_bytes;
}

int64_t RawBodyBytes(const SnapshotSection& section) { return 1 + section.bytes(); }

std::optional<int64_t> UncodedBits(const SnapshotSection& written, std::string_view body) {
  if (written.bits == 0) return 0;
  uint64_t bits = 0;
  for (size_t i = 0; i < std::min(body.size(), kMostLengthBytes); ++i) {
    const auto byte = static_cast<uint8_t>(body[i]);
    bits |= uint64_t{byte & 0x7fU} << 7 * i;
    if (byte >= 0x80) continue;
    if (i > 0 && byte == 0) return std::nullopt;
    return bits == 0 ? written.bits - 8 : static_cast<int64_t>(bits);
  }
  return std::nullopt;
}

absl::Status CompressedSectionReader::Begin(int64_t tokens, const SnapshotSection& written,
                                            const SnapshotSection& kind) {
  tokens_ = tokens;
  written_ = written;
  bytes_left_ = written.bytes();
  section_ = kind;
  section_.content = written.content;
  section_.bits = 0;
  length_.clear();
  decoder_.reset();
  encoder_.reset();
  counted_bytes_ = 0;
  stage_ = written.bits == 0 ? Stage::kEmpty : Stage::kLength;
  if (stage_ == Stage::kEmpty) return inner_.BeginSection(tokens_, section_);
  return CheckMemory(written.bytes() - 1, memory_limit_bytes_);
}

absl::Status CompressedSectionReader::Append(std::string_view piece) {
  if (static_cast<int64_t>(piece.size()) > bytes_left_) return TooLong();
  bytes_left_ -= static_cast<int64_t>(piece.size());
  while (stage_ == Stage::kLength && !piece.empty()) {
    KVWIRE_RETURN_IF_ERROR(TakeLength(piece));
  }
  if (piece.empty()) return absl::OkStatus();
  if (stage_ == Stage::kRaw) return AppendRaw(piece);
  return decoder_->Append(piece,
                          [this](std::string_view decoded) { return Restore(decoded); });
}

absl::Status CompressedSectionReader::TakeLength(std::string_view& piece) {
  length_.push_back(piece.front());
  piece.remove_prefix(1);
  const bool last = (length_.back() & 0x80) == 0;
  if (!last && length_.size() < kMostLengthBytes) return absl::OkStatus();
  const std::optional<int64_t> bits = UncodedBits(written_, length_);
  if (!bits.has_value()) {
    return absl::DataLossError(
        "the length of a coded section makes no sense or has a shorter spelling");
  }
  section_.bits = *bits;
  return length_.front() == 0 ? BeginRaw() : BeginCoded();
}

absl::Status CompressedSectionReader::BeginRaw() {
  stage_ = Stage::kRaw;
  if (section_.bits <= 0) {
    return absl::DataLossError("an empty section has a shorter spelling");
  }
  KVWIRE_RETURN_IF_ERROR(inner_.BeginSection(tokens_, section_));
  if (codec_.has_one_spelling()) encoder_ = codec_.NewEncoder(section_);
  return absl::OkStatus();
}

absl::Status CompressedSectionReader::BeginCoded() {
  stage_ = Stage::kCoded;
  if (written_.bits % 8 != 0 || written_.bytes() >= RawBodyBytes(section_)) {
    return absl::DataLossError(absl::StrCat("a section of ", section_.bits,
                                            " bits is not shorter in its coded form of ",
                                            written_.bits));
  }
  KVWIRE_RETURN_IF_ERROR(inner_.BeginSection(tokens_, section_));
  decoder_ = codec_.NewDecoder(section_);
  return absl::OkStatus();
}

absl::Status CompressedSectionReader::AppendRaw(std::string_view piece) {
  if (encoder_ != nullptr) {
    KVWIRE_RETURN_IF_ERROR(
        encoder_->Append(piece, [this](std::string_view code) { return Count(code); }));
    // It has been seen to be no shorter.
    if (CodedBodyBytes(section_, counted_bytes_) >= RawBodyBytes(section_)) encoder_.reset();
  }
  return inner_.RestoreBytes(piece);
}

absl::Status CompressedSectionReader::Restore(std::string_view decoded) {
  KVWIRE_RETURN_IF_ERROR(Count(decoded));
  return counted_bytes_ > section_.bytes() ? TooLong() : inner_.RestoreBytes(decoded);
}

absl::Status CompressedSectionReader::Count(std::string_view code) {
  counted_bytes_ += static_cast<int64_t>(code.size());
  return absl::OkStatus();
}

absl::Status CompressedSectionReader::End() {
  if (bytes_left_ > 0 || stage_ == Stage::kLength) return TooShort();
  if (stage_ == Stage::kCoded) {
    KVWIRE_RETURN_IF_ERROR(
        decoder_->Finish([this](std::string_view decoded) { return Restore(decoded); }));
    if (counted_bytes_ < section_.bytes()) return TooShort();
  }
  if (encoder_ != nullptr) {
    KVWIRE_RETURN_IF_ERROR(
        encoder_->Finish([this](std::string_view code) { return Count(code); }));
    if (CodedBodyBytes(section_, counted_bytes_) < RawBodyBytes(section_)) {
      return absl::DataLossError("a section stands as it is where its code is shorter");
    }
  }
  stage_ = Stage::kEmpty;
  encoder_.reset();
  return absl::OkStatus();
}

}  // namespace kvwire
