#include "server/bob/bob_message.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/checksum.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"

namespace kvwire {

absl::StatusOr<MessageOpening> ReceivedMessage::OpeningOf(const v1::SendRequest& fields,
                                                          const std::string& sender) {
  if (fields.run_id() == 0 || fields.parameters_digest().size() != kParametersDigestBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the opening chunk needs a run id and a digest of ",
                     kParametersDigestBytes, " bytes"));
  }
  MessageOpening opening{.run_id = fields.run_id(),
                         .parameters_digest = fields.parameters_digest(),
                         .sender = sender};
  if (fields.has_payload_bytes()) opening.payload_bytes = fields.payload_bytes();
  return opening;
}

ReceivedMessage::ReceivedMessage(std::unique_ptr<SpoolFile> file, int64_t limit_bytes)
    : opening_(file->opening()),
      limit_bytes_(limit_bytes),
      file_(std::move(file)),
      idle_since_ns_(file_->sealed() ? kNotIdle : absl::GetCurrentTimeNanos()) {}

absl::StatusOr<StreamNumber> ReceivedMessage::BeginStream(
    const v1::SendRequest& opening, const std::string& sender,
    std::shared_ptr<const TcpMeter> meter) {
  const std::lock_guard lock(mutex_);
  KVWIRE_RETURN_IF_ERROR(CheckBegin(opening, sender));
  connections_.Settle(*file_);
  KVWIRE_RETURN_IF_ERROR(connections_.Add(opening.connection_id(), std::move(meter), *file_));
  stream_ = ++last_stream_;
  idle_since_ns_ = kNotIdle;
  stream_connection_ = opening.connection_id();
  repeats_ = file_->sealed();
  if (repeats_) connections_.MarkClean(stream_connection_);
  return stream_;
}

absl::Status ReceivedMessage::CheckSender(const std::string& sender) const {
  if (sender == opening_.sender) return absl::OkStatus();
  return absl::PermissionDeniedError("the run belongs to another caller");
}

absl::Status ReceivedMessage::CheckBegin(const v1::SendRequest& opening,
                                         const std::string& sender) {
  KVWIRE_RETURN_IF_ERROR(CheckSender(sender));
  KVWIRE_RETURN_IF_ERROR(discarded_);
  KVWIRE_RETURN_IF_ERROR(file_->damage());
  if (file_->sealed()) return CheckRepeat(opening);
  if (stream_ != 0) {
    return absl::AlreadyExistsError(
        "a stream of the run is under way already; a run is one message");
  }
  KVWIRE_ASSIGN_OR_RETURN(const MessageOpening said, OpeningOf(opening, sender));
  if (said != opening_) {
    return absl::AbortedError("the run began with other parameters; take a new run");
  }
  return CheckPrefix(opening);
}

// Whether a stream says again what sealed the message: its sender never heard the answer.
absl::Status ReceivedMessage::CheckRepeat(const v1::SendRequest& opening) {
  const absl::StatusOr<MessageOpening> said = OpeningOf(opening, opening_.sender);
  if (said.ok() && *said == opening_ && opening.has_finish_write() &&
      opening.write_offset() == file_->stored_bytes() &&
      opening.finish_write().total_bytes() == file_->stored_bytes() &&
      opening.finish_write().sha256() == file_->sha256()) {
    if (file_->message_count() < int64_t{2 * SpoolFile::kMaxChunks}) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        "the end of the message has been said too often; begin a new run");
  }
  return absl::AlreadyExistsError("the run has a message already; a run is one message");
}

absl::Status ReceivedMessage::CheckPrefix(const v1::SendRequest& opening) {
  const int64_t stored = file_->stored_bytes();
  if (opening.write_offset() != stored) {
    return absl::OutOfRangeError(absl::StrCat("a chunk came at offset ",
                                              opening.write_offset(), " where offset ", stored,
                                              " was expected"));
  }
  if (stored == 0) return absl::OkStatus();
  if (!opening.has_prefix_crc32c()) {
    return absl::InvalidArgumentError(absl::StrCat("a stream that goes on at ", stored,
                                                   " needs the CRC32C of the bytes before"));
  }
  KVWIRE_ASSIGN_OR_RETURN(const uint32_t crc, digests_.Crc(*file_));
  if (opening.prefix_crc32c() != crc) {
    return absl::AbortedError(absl::StrCat("the ", stored,
                                           " bytes committed are not the beginning of this "
                                           "message: it needs a new run"));
  }
  return absl::OkStatus();
}

absl::Status ReceivedMessage::Append(StreamNumber stream, const ReceivedChunk& chunk) {
  const std::lock_guard lock(mutex_);
  if (stream != stream_) return absl::AbortedError("another stream of the run took over");
  const bool sealed = file_->sealed();
  const absl::Status status = Take(chunk);
  if (!status.ok() && !sealed) StopStream(status);
  return status;
}

absl::Status ReceivedMessage::Take(const ReceivedChunk& chunk) {
  const v1::SendRequest& fields = chunk.fields;
  const auto size = static_cast<int64_t>(chunk.data.size());
  const int64_t stored = file_->stored_bytes();
  if (file_->sealed()) {
    // The opening of a stream that repeats the end has been checked.
    if (std::exchange(repeats_, false) && size == 0) {
      file_->CountRepeat(static_cast<uint32_t>(chunk.message_bytes));
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("a chunk follows the finishing one");
  }
  if (size == 0 && !fields.has_finish_write())
    return absl::InvalidArgumentError("a chunk is empty");
  if (fields.write_offset() != stored) {
    return absl::OutOfRangeError(absl::StrCat("a chunk came at offset ", fields.write_offset(),
                                              " where offset ", stored, " was expected"));
  }
  if (size > limit_bytes_ - stored) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the message is longer than the limit of ", limit_bytes_,
                     " bytes; raise Bob's --message-limit"));
  }
  std::vector<std::string_view> pieces;
  for (const absl::string_view piece : chunk.data.Chunks()) pieces.push_back(StdView(piece));
  uint32_t crc = 0;
  for (const std::string_view piece : pieces) crc = Crc32c(piece, crc);
  if (crc != fields.crc32c()) {
    return absl::DataLossError(absl::StrCat("the chunk at offset ", stored, " has CRC32C ",
                                            crc, ", not ", fields.crc32c(), " as it says"));
  }
  const auto message_bytes = static_cast<uint32_t>(chunk.message_bytes);
  if (size > 0) {
    KVWIRE_RETURN_IF_ERROR(file_->Append(
        {.pieces = pieces, .bytes = size, .crc32c = crc, .message_bytes = message_bytes}));
    for (const std::string_view piece : pieces) digests_.Append(piece);
  }
  if (!fields.has_finish_write()) return absl::OkStatus();
  return Seal(fields.finish_write(), size > 0 ? 0 : message_bytes);
}

absl::Status ReceivedMessage::Seal(const v1::Finish& finish, uint32_t message_bytes) {
  const int64_t stored = file_->stored_bytes();
  if (finish.total_bytes() != stored) {
    return Discard(
        absl::DataLossError(absl::StrCat("the message has ", stored, " bytes, not ",
                                         finish.total_bytes(), " as its end says")));
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string sha256, digests_.Digest(*file_));
  if (sha256 != finish.sha256()) {
    return Discard(absl::DataLossError("the message's SHA-256 is not what its end says"));
  }
  KVWIRE_RETURN_IF_ERROR(file_->Seal(sha256, message_bytes));
  connections_.MarkClean(stream_connection_);
  stopped_ = absl::OkStatus();
  return absl::OkStatus();
}

absl::Status ReceivedMessage::Discard(absl::Status why) {
  discarded_ = why;
  gone_ = true;
  file_->Remove();
  return why;
}

void ReceivedMessage::StopStream(const absl::Status& why) {
  stream_ = 0;
  stopped_ = why;
  idle_since_ns_ = absl::GetCurrentTimeNanos();
}

absl::Status ReceivedMessage::EndStream(StreamNumber stream) {
  const std::lock_guard lock(mutex_);
  if (stream != stream_) return absl::AbortedError("another stream of the run took over");
  if (file_->sealed()) {
    stream_ = 0;
    return absl::OkStatus();
  }
  StopStream(absl::DataLossError(absl::StrCat("the stream ended after ", file_->stored_bytes(),
                                              " bytes without a finishing chunk")));
  // What came is worth keeping: the next stream need not bring it again.
  file_->Sync().IgnoreError();
  return stopped_;
}

absl::StatusOr<v1::QueryWriteStatusResponse> ReceivedMessage::WriteStatus(
    const v1::QueryWriteStatusRequest& request, const std::string& sender,
    std::shared_ptr<const TcpMeter> meter) {
  const std::lock_guard lock(mutex_);
  KVWIRE_RETURN_IF_ERROR(CheckSender(sender));
  if (!discarded_.ok()) return absl::NotFoundError("the message was discarded");
  KVWIRE_RETURN_IF_ERROR(file_->damage());
  if (stream_ != 0 && !file_->sealed()) {
    StopStream(absl::AbortedError("another stream of the run took over"));
  }
  stream_ = 0;
  KVWIRE_RETURN_IF_ERROR(file_->Sync());
  connections_.Settle(*file_);
  KVWIRE_RETURN_IF_ERROR(connections_.Add(request.connection_id(), std::move(meter), *file_));
  v1::QueryWriteStatusResponse response;
  response.set_committed_size(file_->committed_bytes());
  response.set_complete(file_->sealed());
  return response;
}

absl::Status ReceivedMessage::Claim(const std::string& identity) {
  const std::lock_guard lock(mutex_);
  if (!file_->owner().has_value()) {
    return identity.empty() ? absl::OkStatus() : file_->SetOwner(identity);
  }
  if (*file_->owner() == identity) return absl::OkStatus();
  return absl::PermissionDeniedError("the run belongs to another caller");
}

absl::Status ReceivedMessage::CheckSealed() const {
  const std::lock_guard lock(mutex_);
  KVWIRE_RETURN_IF_ERROR(file_->damage());
  if (file_->sealed()) return absl::OkStatus();
  const absl::Status& why = discarded_.ok() ? stopped_ : discarded_;
  return absl::FailedPreconditionError(
      absl::StrCat("the message is not complete: ", file_->stored_bytes(), " bytes arrived",
                   why.ok() ? "" : "; ", why.message()));
}

std::optional<absl::Time> ReceivedMessage::idle_since() const {
  const int64_t since = idle_since_ns_;
  if (since == kNotIdle) return std::nullopt;
  return absl::FromUnixNanos(since);
}

int64_t ReceivedMessage::committed_bytes() const {
  const std::lock_guard lock(mutex_);
  return file_->committed_bytes();
}

std::string ReceivedMessage::sha256() const {
  const std::lock_guard lock(mutex_);
  return file_->sha256();
}

absl::StatusOr<std::string> ReceivedMessage::Read(int64_t offset, int64_t size) const {
  const std::lock_guard lock(mutex_);
  return file_->Read(offset, size);
}

v1::ChannelLedger ReceivedMessage::Ledger(absl::Duration wait) {
  const absl::Time deadline = absl::Now() + wait;
  std::vector<BobConnections::Open> open;
  {
    const std::lock_guard lock(mutex_);
    open = connections_.open();
  }
  // Outside the lock: a connection may take its time to close.
  std::vector<v1::TcpCount> counts;
  counts.reserve(open.size());
  for (const BobConnections::Open& one : open) {
    counts.push_back(one.meter->Count(std::max(deadline - absl::Now(), absl::ZeroDuration())));
  }
  const std::lock_guard lock(mutex_);
  for (size_t k = 0; k < open.size(); ++k) {
    if (counts[k].final()) connections_.Close(open[k].connection_id, counts[k], *file_);
  }
  v1::ChannelLedger ledger;
  connections_.Append(*file_, ledger);
  ledger.set_snapshot_bytes(file_->stored_bytes());
  ledger.set_message_count(file_->message_count());
  ledger.set_message_bytes(file_->message_bytes());
  return ledger;
}

void ReceivedMessage::Remove() {
  const std::lock_guard lock(mutex_);
  file_->Remove();
}

}  // namespace kvwire
