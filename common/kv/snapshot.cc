#include "common/kv/snapshot.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

// What the header of a snapshot under `setup` says, but for tokens and sections.
absl::StatusOr<SnapshotHeader> HeaderOf(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(AlgorithmSpec spec, ParseBuiltInSpec(setup.spec.ToString()));
  return SnapshotHeader{
      .spec = std::move(spec),
      .attention = setup.attention,
      .encoding = setup.encoding,
      .dims = setup.dims,
  };
}

std::string KindText(const SnapshotHeader& header) {
  return absl::StrCat(header.attention == AttentionKind::kTensor ? "tensor" : "ordinary",
                      " attention, values of ",
                      header.encoding == ValueEncoding::kSigns ? "signs" : "bits");
}

absl::Status NotThisSetup(std::string_view what, const std::string& theirs,
                          const std::string& ours) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the snapshot is of another ", std::string(what), ": ", theirs, ", expected ", ours));
}

// Compares what is not this state's own.
absl::Status CheckSameSetup(const SnapshotHeader& theirs, const SnapshotHeader& ours) {
  if (theirs.spec.ToString() != ours.spec.ToString()) {
    return NotThisSetup(
        theirs.spec.name() == ours.spec.name() ? "choice of options" : "algorithm",
        theirs.spec.ToString(), ours.spec.ToString());
  }
  if (theirs.dims != ours.dims) {
    return NotThisSetup("d", absl::StrCat(theirs.dims), absl::StrCat(ours.dims));
  }
  if (KindText(theirs) != KindText(ours)) {
    return NotThisSetup("kind", KindText(theirs), KindText(ours));
  }
  return absl::OkStatus();
}

absl::Status WriteOneSection(const KvCache& cache, size_t index, SnapshotSection section,
                             ByteSink sink) {
  std::string frame = EncodeSectionHeader(section);
  uint32_t crc = Crc32c(frame);
  KVWIRE_RETURN_IF_ERROR(sink(frame));
  int64_t bytes_left = section.bytes();
  KVWIRE_RETURN_IF_ERROR(cache.WriteSection(index, [&](std::string_view piece) {
    crc = Crc32c(piece, crc);
    bytes_left -= static_cast<int64_t>(piece.size());
    return sink(piece);
  }));
  if (bytes_left != 0) {
    return absl::InternalError(absl::StrCat("section ", index, " announced ", section.bytes(),
                                            " bytes and wrote ",
                                            section.bytes() - bytes_left));
  }
  frame.clear();
  AppendLittleEndian(crc, frame);
  return sink(frame);
}

}  // namespace

absl::StatusOr<int64_t> SnapshotBytes(const KvCache& cache, const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(SnapshotHeader header, HeaderOf(setup));
  header.tokens = cache.tokens();
  auto bytes = static_cast<int64_t>(EncodeSnapshotHeader(header).size());
  for (const SnapshotSection& section : cache.Sections()) {
    bytes += static_cast<int64_t>(EncodeSectionHeader(section).size() + kChecksumBytes) +
             section.bytes();
  }
  return bytes;
}

absl::Status WriteSnapshot(const KvCache& cache, const CacheSetup& setup, ByteSink sink) {
  KVWIRE_ASSIGN_OR_RETURN(SnapshotHeader header, HeaderOf(setup));
  const std::vector<SnapshotSection> sections = cache.Sections();
  header.tokens = cache.tokens();
  header.sections = static_cast<int64_t>(sections.size());
  KVWIRE_RETURN_IF_ERROR(sink(EncodeSnapshotHeader(header)));
  for (size_t i = 0; i < sections.size(); ++i) {
    KVWIRE_RETURN_IF_ERROR(WriteOneSection(cache, i, sections[i], sink));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SnapshotReader>> SnapshotReader::Create(
    const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<KvCache> cache, CreateCache(setup));
  auto reader = std::unique_ptr<SnapshotReader>(new SnapshotReader());
  KVWIRE_ASSIGN_OR_RETURN(reader->expected_, HeaderOf(setup));
  reader->cache_ = std::move(cache);
  return reader;
}

absl::Status SnapshotReader::Append(std::string_view piece) {
  while (status_.ok() && !piece.empty()) status_ = Consume(piece);
  return status_;
}

absl::StatusOr<std::unique_ptr<KvCache>> SnapshotReader::Finish() {
  KVWIRE_RETURN_IF_ERROR(status_);
  if (cache_ == nullptr) {
    return absl::FailedPreconditionError("the snapshot was already finished");
  }
  status_ = stage_ == Stage::kEnd ? cache_->EndRestore()
                                  : absl::DataLossError("the snapshot ends too early");
  KVWIRE_RETURN_IF_ERROR(status_);
  return std::move(cache_);
}

absl::Status SnapshotReader::Consume(std::string_view& piece) {
  if (stage_ == Stage::kEnd) return absl::DataLossError("bytes after the end of the snapshot");
  if (stage_ == Stage::kBody) {
    const auto part = piece.substr(0, static_cast<size_t>(std::min<int64_t>(
                                          body_left_, static_cast<int64_t>(piece.size()))));
    piece.remove_prefix(part.size());
    crc_ = Crc32c(part, crc_);
    body_left_ -= static_cast<int64_t>(part.size());
    if (body_left_ == 0) stage_ = Stage::kChecksum;
    return cache_->RestoreBytes(part);
  }
  // A header says how long it is only as it is read; all of them are short.
  pending_.push_back(piece.front());
  piece.remove_prefix(1);
  if (stage_ == Stage::kHeader) return ReadHeader();
  if (stage_ == Stage::kSectionHeader) return BeginSection();
  return pending_.size() < kChecksumBytes ? absl::OkStatus() : EndSection();
}

absl::Status SnapshotReader::ReadHeader() {
  KVWIRE_ASSIGN_OR_RETURN(const auto parsed, ParseSnapshotHeader(pending_));
  if (!parsed.has_value()) return absl::OkStatus();
  KVWIRE_RETURN_IF_ERROR(CheckSameSetup(parsed->header, expected_));
  tokens_ = parsed->header.tokens;
  sections_left_ = parsed->header.sections;
  stage_ = sections_left_ > 0 ? Stage::kSectionHeader : Stage::kEnd;
  pending_.clear();
  return absl::OkStatus();
}

absl::Status SnapshotReader::BeginSection() {
  KVWIRE_ASSIGN_OR_RETURN(const auto parsed, ParseSectionHeader(pending_));
  if (!parsed.has_value()) return absl::OkStatus();
  crc_ = Crc32c(pending_);
  pending_.clear();
  body_left_ = parsed->section.bytes();
  stage_ = body_left_ > 0 ? Stage::kBody : Stage::kChecksum;
  return cache_->BeginSection(tokens_, parsed->section);
}

absl::Status SnapshotReader::EndSection() {
  if (LoadLittleEndian<uint32_t>(pending_.data()) != crc_) {
    return absl::DataLossError("the checksum of a section is wrong");
  }
  pending_.clear();
  --sections_left_;
  stage_ = sections_left_ > 0 ? Stage::kSectionHeader : Stage::kEnd;
  return absl::OkStatus();
}

}  // namespace kvwire
