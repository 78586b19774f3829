#include "server/bob/bob_spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/checksum.h"
#include "common/base/status_macros.h"

namespace kvwire {
std::string SpoolFileName(uint64_t run_id, bool sealed) {
  return absl::StrCat(absl::StrFormat("%016x", run_id), sealed ? ".message" : ".part");
}

SpoolFile::SpoolFile(const SpoolOptions& options, MessageOpening opening)
    : options_(options), opening_(std::move(opening)) {}

absl::StatusOr<std::unique_ptr<SpoolFile>> SpoolFile::Create(const SpoolOptions& options,
                                                             const MessageOpening& opening) {
  std::unique_ptr<SpoolFile> spool(new SpoolFile(options, opening));
  if (options.directory.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(spool->file_, SpoolDescriptor::OpenNameless(options.fault));
  } else {
    spool->name_ = SpoolFileName(opening.run_id, /*sealed=*/false);
    KVWIRE_ASSIGN_OR_RETURN(spool->file_,
                            SpoolDescriptor::Open(options.directory + "/" + spool->name_,
                                                  O_RDWR | O_CREAT | O_TRUNC, options.fault));
  }
  const std::string body = EncodeOpening(opening);
  const absl::Status put =
      spool->Put({.kind = SpoolKind::kOpening, .body_crc32c = Crc32c(body)}, {body});
  if (!put.ok()) {
    spool->Remove();
    return put;
  }
  return spool;
}

absl::Status SpoolFile::Append(const SpoolChunk& chunk) {
  KVWIRE_RETURN_IF_ERROR(damage_);
  if (extents_.size() >= kMaxChunks) {
    return absl::ResourceExhaustedError(absl::StrCat("the message comes in more than ",
                                                     kMaxChunks,
                                                     " chunks; send larger "
                                                     "ones"));
  }
  const int64_t position = end_;
  if (chunk.bytes > 0) {
    KVWIRE_RETURN_IF_ERROR(Put({.kind = SpoolKind::kChunk,
                                .body_bytes = static_cast<uint32_t>(chunk.bytes),
                                .position = stored_,
                                .message_bytes = chunk.message_bytes,
                                .body_crc32c = chunk.crc32c},
                               chunk.pieces));
    extents_.push_back({position, stored_});
    stored_ += chunk.bytes;
  }
  if (!named()) return absl::OkStatus();
  file_.StartSync(position, end_ - position);
  return stored_ - synced_.stored < kSyncBytes ? absl::OkStatus() : Sync();
}

// Appends a record: whole, or not at all.
absl::Status SpoolFile::Put(const SpoolHeader& header,
                            absl::Span<const std::string_view> body) {
  KVWIRE_RETURN_IF_ERROR(removed_);
  SpoolHeader complete = header;
  int64_t body_bytes = 0;
  for (const std::string_view piece : body) body_bytes += static_cast<int64_t>(piece.size());
  complete.body_bytes = static_cast<uint32_t>(body_bytes);
  const std::string encoded = EncodeSpoolHeader(complete);
  std::vector<std::string_view> pieces = {encoded};
  pieces.insert(pieces.end(), body.begin(), body.end());
  const absl::Status written = file_.Write(pieces, end_);
  if (!written.ok()) return CutTo(end_, written);
  end_ += kSpoolHeaderBytes + body_bytes;
  Count(complete);
  return absl::OkStatus();
}

// Takes back what stands beyond `end`, and returns `why`.
absl::Status SpoolFile::CutTo(int64_t end, absl::Status why) {
  end_ = end;
  if (!file_.Truncate(end).ok()) damage_ = why;
  return why;
}

absl::Status SpoolFile::SyncFile() {
  const absl::Status synced = file_.Sync();
  if (synced.ok()) {
    synced_ = {.end = end_,
               .stored = stored_,
               .extents = extents_.size(),
               .message_count = message_count_,
               .message_bytes = message_bytes_};
    return synced;
  }
  // What the kernel could not write it may have dropped: only the last mark is certain.
  stored_ = synced_.stored;
  extents_.resize(synced_.extents);
  message_count_ = synced_.message_count;
  message_bytes_ = synced_.message_bytes;
  finished_ = false;
  return CutTo(synced_.end, synced);
}

absl::Status SpoolFile::Sync() {
  KVWIRE_RETURN_IF_ERROR(damage_);
  KVWIRE_RETURN_IF_ERROR(removed_);
  if (!named() || synced_.end == end_) return absl::OkStatus();
  if (!name_synced_) {
    KVWIRE_RETURN_IF_ERROR(SyncSpoolDirectory(options_.directory, options_.fault));
    name_synced_ = true;
  }
  return SyncFile();
}

absl::Status SpoolFile::Seal(const std::string& sha256, uint32_t message_bytes) {
  KVWIRE_RETURN_IF_ERROR(damage_);
  KVWIRE_RETURN_IF_ERROR(removed_);
  if (!finished_) {
    KVWIRE_RETURN_IF_ERROR(Put({.kind = SpoolKind::kFinish,
                                .position = stored_,
                                .message_bytes = message_bytes,
                                .body_crc32c = Crc32c(sha256)},
                               {sha256}));
    sha256_ = sha256;
    finished_ = true;
  }
  if (named()) {
    if (synced_.end != end_) KVWIRE_RETURN_IF_ERROR(SyncFile());
    const std::string name = SpoolFileName(opening_.run_id, /*sealed=*/true);
    if (name_ != name) {
      KVWIRE_RETURN_IF_ERROR(RenameInSpool(options_.directory, name_, name, options_.fault));
      name_ = name;
    }
    KVWIRE_RETURN_IF_ERROR(SyncSpoolDirectory(options_.directory, options_.fault));
  }
  sealed_ = true;
  return absl::OkStatus();
}

absl::Status SpoolFile::Record(const SpooledConnection& connection) {
  const std::string body = EncodeConnection(connection);
  Note(connection);
  KVWIRE_RETURN_IF_ERROR(damage_);
  return Put(
      {.kind = SpoolKind::kConnection, .position = stored_, .body_crc32c = Crc32c(body)},
      {body});
}

void SpoolFile::CountRepeat(uint32_t message_bytes) {
  Put({.kind = SpoolKind::kRepeat,
       .position = stored_,
       .message_bytes = message_bytes,
       .body_crc32c = Crc32c({})},
      {})
      .IgnoreError();
}

absl::Status SpoolFile::SetOwner(const std::string& identity) {
  KVWIRE_RETURN_IF_ERROR(damage_);
  const int64_t before = end_;
  KVWIRE_RETURN_IF_ERROR(
      Put({.kind = SpoolKind::kOwner, .position = stored_, .body_crc32c = Crc32c(identity)},
          {identity}));
  const absl::Status synced = Sync();
  if (!synced.ok()) return CutTo(std::min(before, end_), synced);
  owner_ = identity;
  return synced;
}

void SpoolFile::Note(const SpooledConnection& connection) {
  const auto known = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const SpooledConnection& other) {
                                    return other.connection_id == connection.connection_id;
                                  });
  if (known != connections_.end()) {
    *known = connection;
  } else if (connections_.size() < kMaxConnections) {
    connections_.push_back(connection);
  }
}

void SpoolFile::Count(const SpoolHeader& header) {
  if (header.message_bytes == 0) return;
  ++message_count_;
  message_bytes_ += header.message_bytes;
}

void SpoolFile::Remove() {
  if (named() && removed_.ok()) unlink((options_.directory + "/" + name_).c_str());
  // Another file may have the name by then.
  removed_ = absl::AbortedError("the run was closed");
}

int64_t SpoolFile::EndOf(size_t extent) const {
  return extent + 1 < extents_.size() ? extents_[extent + 1].offset : stored_;
}

// Appends the chunk of `extent` to `bytes`.
absl::Status SpoolFile::ReadChunk(size_t extent, std::string& bytes) const {
  const Extent& at = extents_[extent];
  const int64_t size = EndOf(extent) - at.offset;
  const size_t before = bytes.size();
  bytes.resize(before + size);
  std::string header(kSpoolHeaderBytes, '\0');
  KVWIRE_ASSIGN_OR_RETURN(
      const int64_t got, file_.ReadInto({{{header.data(), header.size()},
                                          {bytes.data() + before, static_cast<size_t>(size)}}},
                                        at.position));
  const absl::StatusOr<SpoolHeader> decoded = DecodeSpoolHeader(header);
  const std::string_view body = std::string_view(bytes).substr(before);
  if (got != kSpoolHeaderBytes + size || !decoded.ok() || decoded->position != at.offset ||
      decoded->body_bytes != size || decoded->body_crc32c != Crc32c(body)) {
    return absl::DataLossError(absl::StrCat("the stored message has changed at byte ",
                                            at.offset, " or in the ", size, " after it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpoolFile::Read(int64_t offset, int64_t size) const {
  KVWIRE_RETURN_IF_ERROR(damage_);
  const int64_t end = offset + std::min(size, stored_ - offset);
  const auto next = std::upper_bound(
      extents_.begin(), extents_.end(), offset,
      [](int64_t value, const Extent& extent) { return value < extent.offset; });
  size_t extent = std::max<ptrdiff_t>(1, next - extents_.begin()) - 1;
  std::string bytes;
  if (offset >= end) return bytes;
  const int64_t skip = offset - extents_[extent].offset;
  while (static_cast<int64_t>(bytes.size()) < skip + end - offset) {
    KVWIRE_RETURN_IF_ERROR(ReadChunk(extent++, bytes));
  }
  bytes.erase(0, skip);
  bytes.resize(end - offset);
  return bytes;
}

}  // namespace kvwire
