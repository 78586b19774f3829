// Taking up what an earlier process left in the spool.

#include <fcntl.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "common/base/status_macros.h"
#include "server/bob/bob_spool_file.h"

namespace kvwire {

absl::StatusOr<std::unique_ptr<SpoolFile>> SpoolFile::Recover(const SpoolOptions& options,
                                                              const std::string& name) {
  std::unique_ptr<SpoolFile> spool(new SpoolFile(options, {}));
  const bool sealed = absl::EndsWith(name, ".message");
  spool->name_ = name;
  KVWIRE_ASSIGN_OR_RETURN(spool->file_, SpoolDescriptor::Open(options.directory + "/" + name,
                                                              O_RDWR, options.fault));
  // Of a sealed message the bytes are checked when they are read.
  const absl::Status torn = spool->Scan(/*check_chunks=*/!sealed);
  if (absl::IsUnavailable(torn) || absl::IsResourceExhausted(torn)) return torn;
  if (SpoolFileName(spool->opening_.run_id, sealed) != name) {
    return absl::DataLossError(absl::StrCat(name, " is no spool file of that run"));
  }
  if (sealed && !spool->finished_) {
    spool->damage_ =
        absl::DataLossError(absl::StrCat("the stored message is damaged: ", torn.message()));
    return spool;
  }
  KVWIRE_RETURN_IF_ERROR(spool->file_.Truncate(spool->end_));
  spool->name_synced_ = true;
  KVWIRE_RETURN_IF_ERROR(spool->SyncFile());
  spool->sealed_ = sealed;
  if (spool->finished_ && !sealed) KVWIRE_RETURN_IF_ERROR(spool->Seal(spool->sha256_, 0));
  return spool;
}

absl::Status SpoolFile::Scan(bool check_chunks) {
  while (true) {
    KVWIRE_ASSIGN_OR_RETURN(const std::string bytes, file_.Read(end_, kSpoolHeaderBytes));
    KVWIRE_ASSIGN_OR_RETURN(const SpoolHeader header, DecodeSpoolHeader(bytes));
    std::string body;
    if (check_chunks || header.kind != SpoolKind::kChunk) {
      KVWIRE_ASSIGN_OR_RETURN(body, file_.Read(end_ + kSpoolHeaderBytes, header.body_bytes));
      if (body.size() != header.body_bytes || Crc32c(body) != header.body_crc32c) {
        return absl::DataLossError("a record fails its checksum");
      }
    }
    KVWIRE_RETURN_IF_ERROR(TakeRecord(header, body));
    end_ += kSpoolHeaderBytes + header.body_bytes;
  }
}

// Whether a record may stand where it stands, and what it says.
absl::Status SpoolFile::TakeRecord(const SpoolHeader& header, std::string_view body) {
  const bool first = end_ == 0;
  if (first != (header.kind == SpoolKind::kOpening) || header.position != stored_ ||
      (finished_ && header.kind != SpoolKind::kConnection &&
       header.kind != SpoolKind::kOwner && header.kind != SpoolKind::kRepeat)) {
    return absl::DataLossError("a record stands where it was not written");
  }
  switch (header.kind) {
    case SpoolKind::kOpening: {
      KVWIRE_ASSIGN_OR_RETURN(opening_, DecodeOpening(body));
      break;
    }
    case SpoolKind::kChunk:
      if (extents_.size() >= kMaxChunks) return absl::DataLossError("too many chunks");
      extents_.push_back({end_, stored_});
      stored_ += header.body_bytes;
      break;
    case SpoolKind::kConnection: {
      KVWIRE_ASSIGN_OR_RETURN(const SpooledConnection connection, DecodeConnection(body));
      Note(connection);
      break;
    }
    case SpoolKind::kOwner:
      if (owner_.has_value()) return absl::DataLossError("a message has two owners");
      owner_ = std::string(body);
      break;
    case SpoolKind::kFinish:
      if (body.size() != kSha256Bytes) return absl::DataLossError("an end has a wrong size");
      sha256_ = std::string(body);
      finished_ = true;
      break;
    case SpoolKind::kRepeat:
      if (!finished_) return absl::DataLossError("an end is repeated that did not come");
      break;
  }
  Count(header);
  return absl::OkStatus();
}

}  // namespace kvwire
