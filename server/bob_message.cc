#include "server/bob_message.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"

namespace kvwire {
namespace {

// A file that has no name and so goes away with its descriptor.
absl::StatusOr<int> OpenUnlinkedFile() {
  const char* directory = std::getenv("TMPDIR");
  const std::string place = directory == nullptr || *directory == '\0' ? "/tmp" : directory;
  int descriptor = open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
    std::string name = place + "/kvwire-message-XXXXXX";
    descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(name.c_str());
  }
  if (descriptor < 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "no temporary file can be made in ", place, " (set TMPDIR): ", std::strerror(errno)));
  }
  return descriptor;
}

absl::Status WriteAll(int descriptor, std::string_view bytes, int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the message cannot be stored: ", std::strerror(errno)));
    }
    bytes.remove_prefix(written);
    offset += written;
  }
  return absl::OkStatus();
}

uint32_t CordCrc32c(const absl::Cord& bytes) {
  uint32_t crc = 0;
  for (const absl::string_view piece : bytes.Chunks()) crc = Crc32c(StdView(piece), crc);
  return crc;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ReceivedMessage>> ReceivedMessage::Create(
    const v1::SendRequest& opening, TcpMeter meter, int64_t limit_bytes) {
  if (opening.run_id() == 0 || opening.parameters_digest().size() != kParametersDigestBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the opening chunk needs a run id and a digest of ",
                     kParametersDigestBytes, " bytes"));
  }
  KVWIRE_ASSIGN_OR_RETURN(int descriptor, OpenUnlinkedFile());
  return std::shared_ptr<ReceivedMessage>(
      new ReceivedMessage(opening, std::move(meter), limit_bytes, descriptor));
}

ReceivedMessage::ReceivedMessage(const v1::SendRequest& opening, TcpMeter meter,
                                 int64_t limit_bytes, int descriptor)
    : digest_(opening.parameters_digest()),
      payload_bytes_(opening.has_payload_bytes()
                         ? std::optional<int64_t>(opening.payload_bytes())
                         : std::nullopt),
      meter_(std::move(meter)),
      limit_bytes_(limit_bytes),
      descriptor_(descriptor) {}

ReceivedMessage::~ReceivedMessage() { close(descriptor_); }

absl::Status ReceivedMessage::Append(const ReceivedChunk& chunk) {
  const std::lock_guard lock(mutex_);
  KVWIRE_RETURN_IF_ERROR(broken_);
  const absl::Status status = Take(chunk);
  if (!status.ok() && !sealed_) broken_ = status;
  return status;
}

absl::Status ReceivedMessage::Take(const ReceivedChunk& chunk) {
  const v1::SendRequest& fields = chunk.fields;
  const auto size = static_cast<int64_t>(chunk.data.size());
  if (sealed_) return absl::InvalidArgumentError("a chunk follows the finishing one");
  if (size == 0 && !fields.has_finish()) return absl::InvalidArgumentError("a chunk is empty");
  if (fields.offset() != committed_) {
    return absl::OutOfRangeError(absl::StrCat("a chunk came at offset ", fields.offset(),
                                              " where offset ", committed_, " was expected"));
  }
  if (size > limit_bytes_ - committed_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the message is longer than the limit of ", limit_bytes_,
                     " bytes; raise Bob's --message-limit"));
  }
  const uint32_t crc = CordCrc32c(chunk.data);
  if (crc != fields.crc32c()) {
    return absl::DataLossError(absl::StrCat("the chunk at offset ", committed_, " has CRC32C ",
                                            crc, ", not ", fields.crc32c(), " as it says"));
  }
  for (const absl::string_view piece : chunk.data.Chunks()) {
    KVWIRE_RETURN_IF_ERROR(WriteAll(descriptor_, StdView(piece), committed_));
    hash_.Update(StdView(piece));
    committed_ += static_cast<int64_t>(piece.size());
  }
  ++message_count_;
  message_bytes_ += chunk.message_bytes;
  return fields.has_finish() ? Seal(fields.finish()) : absl::OkStatus();
}

absl::Status ReceivedMessage::Seal(const v1::Finish& finish) {
  if (finish.total_bytes() != committed_) {
    return absl::DataLossError(absl::StrCat("the message has ", committed_, " bytes, not ",
                                            finish.total_bytes(), " as its end says"));
  }
  sha256_ = hash_.Finish();
  if (sha256_ != finish.sha256()) {
    return absl::DataLossError("the message's SHA-256 is not what its end says");
  }
  sealed_ = true;
  return absl::OkStatus();
}

absl::Status ReceivedMessage::EndOfStream() {
  const std::lock_guard lock(mutex_);
  if (!sealed_ && broken_.ok()) {
    broken_ = absl::DataLossError(absl::StrCat("the stream ended after ", committed_,
                                               " bytes without a finishing chunk"));
  }
  return broken_;
}

absl::Status ReceivedMessage::CheckSealed() const {
  const std::lock_guard lock(mutex_);
  if (sealed_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the message is not complete: ", committed_, " bytes arrived",
                   broken_.ok() ? "" : "; ", broken_.message()));
}

bool ReceivedMessage::broken() const {
  const std::lock_guard lock(mutex_);
  return !broken_.ok();
}

int64_t ReceivedMessage::committed_bytes() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

std::string ReceivedMessage::sha256() const {
  const std::lock_guard lock(mutex_);
  return sha256_;
}

absl::StatusOr<std::string> ReceivedMessage::Read(int64_t offset, int64_t size) const {
  std::string bytes(std::max<int64_t>(0, std::min(size, committed_bytes() - offset)), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        pread(descriptor_, bytes.data() + have, bytes.size() - have, offset + have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::DataLossError("the stored message cannot be read back");
    have += got;
  }
  return bytes;
}

v1::ChannelLedger ReceivedMessage::Ledger(absl::Duration wait) const {
  v1::ChannelLedger ledger;
  *ledger.add_connections() = meter_.Count(wait);
  const std::lock_guard lock(mutex_);
  ledger.set_snapshot_bytes(committed_);
  ledger.set_message_count(message_count_);
  ledger.set_message_bytes(message_bytes_);
  return ledger;
}

}  // namespace kvwire
