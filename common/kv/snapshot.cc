#include "common/kv/snapshot.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot_fields.h"

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
  if (SnapshotKind(theirs) != SnapshotKind(ours)) {
    return NotThisSetup("kind", SnapshotKind(theirs), SnapshotKind(ours));
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

absl::StatusOr<std::unique_ptr<KvCache>> SnapshotReader::Finish() {
  KVWIRE_RETURN_IF_ERROR(parser_.Finish());
  if (cache_ == nullptr) {
    return absl::FailedPreconditionError("the snapshot was already finished");
  }
  std::unique_ptr<KvCache> cache = std::move(cache_);
  KVWIRE_RETURN_IF_ERROR(cache->EndRestore());
  return cache;
}

absl::Status SnapshotReader::VisitHeader(const SnapshotHeader& header, int64_t) {
  tokens_ = header.tokens;
  return CheckSameSetup(header, expected_);
}

absl::Status SnapshotReader::BeginSection(const SnapshotSection& section, int64_t) {
  return cache_->BeginSection(tokens_, section);
}

absl::Status SnapshotReader::VisitBody(std::string_view piece) {
  return cache_->RestoreBytes(piece);
}

absl::Status SnapshotReader::EndSection(uint32_t) { return absl::OkStatus(); }

}  // namespace kvwire
