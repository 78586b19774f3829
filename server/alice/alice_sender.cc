#include "server/alice/alice_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/bulk_message.h"
#include "common/wire/channel_pace.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

constexpr int64_t kSmallestChunkBytes = int64_t{1} << 20;

}  // namespace

MessageSender::MessageSender(grpc::Channel& channel, const v1::SendRequest& opening,
                             int64_t chunk_bytes, Cancellation& cancellation,
                             StallGuard& guard)
    : chunk_bytes_(chunk_bytes),
      guard_(guard),
      call_(std::in_place, cancellation),
      begin_(opening.write_offset()),
      fields_(opening),
      committed_(begin_) {
  guard_.Watch(call_->context());
  SendHeadersWithMessage(*call_->context());
  stream_ = StartBulkExchange(
      channel, MethodPath(v1::OneWayChannelService::service_full_name(), "Send"),
      call_->context());
}

MessageSender::~MessageSender() {
  if (!finished_) {
    call_->context()->TryCancel();
    stream_->Finish().IgnoreError();
  }
  guard_.Watch(nullptr);
}

int64_t MessageSender::ChunkBytesAt(int64_t offset) {
  return std::clamp(offset, kSmallestChunkBytes, kLargestChunkBytes);
}

absl::Status MessageSender::Write(absl::Cord piece) {
  data_.Append(std::move(piece));
  Skip();
  // A full chunk waits until more comes: the last one must say that it is.
  while (true) {
    const int64_t size = chunk_bytes_ > 0 ? chunk_bytes_ : ChunkBytesAt(offset_);
    if (static_cast<int64_t>(data_.size()) <= size) return absl::OkStatus();
    KVWIRE_RETURN_IF_ERROR(SendChunk(size, /*last=*/false));
  }
}

// Takes what Bob has off `data_`.
void MessageSender::Skip() {
  const int64_t size = std::min<int64_t>(begin_ - offset_, data_.size());
  if (size <= 0) return;
  const absl::Cord skipped = data_.Subcord(0, size);
  data_.RemovePrefix(size);
  for (const absl::string_view piece : skipped.Chunks()) {
    prefix_crc_ = Crc32c(StdView(piece), prefix_crc_);
    hash_.Update(StdView(piece));
  }
  offset_ += size;
  if (offset_ == begin_) fields_.set_prefix_crc32c(prefix_crc_);
}

// Until the next chunk may be sent.
absl::Status MessageSender::AwaitProgress() {
  while (offset_ - committed_ > kMostAheadBytes) {
    KVWIRE_ASSIGN_OR_RETURN(const bool more, TakeProgress());
    if (!more) return StreamError();
  }
  return absl::OkStatus();
}

// What Bob says next; false once he has ended the stream.
absl::StatusOr<bool> MessageSender::TakeProgress() {
  grpc::ByteBuffer response;
  {
    const StallGuard::Wait wait(guard_);
    if (!stream_->Read(&response)) return false;
  }
  v1::SendResponse progress;
  KVWIRE_RETURN_IF_ERROR(TakeResponse(response, "Bob's channel", progress));
  const int64_t committed = progress.committed_size();
  if (committed < committed_ || committed > offset_) {
    return absl::DataLossError(absl::StrCat("Bob committed ", committed, " bytes of ", offset_,
                                            ", and ", committed_, " before"));
  }
  // To each chunk one at most, or he could keep her listening for ever.
  if (++answers_ > message_count_) {
    return absl::DataLossError(
        absl::StrCat("Bob gave ", answers_, " answers to ", message_count_, " chunks"));
  }
  committed_ = committed;
  return true;
}

absl::Status MessageSender::SendChunk(int64_t size, bool last) {
  KVWIRE_RETURN_IF_ERROR(AwaitProgress());
  const absl::Cord data = data_.Subcord(0, size);
  data_.RemovePrefix(size);
  uint32_t crc = 0;
  for (const absl::string_view piece : data.Chunks()) {
    crc = Crc32c(StdView(piece), crc);
    hash_.Update(StdView(piece));
  }
  fields_.set_write_offset(offset_);
  fields_.set_crc32c(crc);
  offset_ += size;
  if (last) {
    sha256_ = hash_.Finish();
    fields_.mutable_finish_write()->set_total_bytes(offset_);
    fields_.mutable_finish_write()->set_sha256(sha256_);
  }
  const grpc::ByteBuffer chunk =
      JoinBulkMessage(fields_, v1::SendRequest::kDataFieldNumber, data);
  ++message_count_;
  message_bytes_ += static_cast<int64_t>(chunk.Length());
  grpc::WriteOptions options;
  if (last) options.set_last_message();
  const StallGuard::Wait wait(guard_);
  if (!stream_->Write(chunk, options)) return StreamError();
  // Once begun the stream stays where it is.
  metered_ = metered_ || guard_.meter().Connected();
  if (!metered_) return absl::UnavailableError("Bob's channel broke as the message began");
  fields_.Clear();
  return absl::OkStatus();
}

absl::Status MessageSender::StreamError() {
  // A stream that he has ended without a status does not end.
  const StallGuard::Wait wait(guard_);
  // What he said before he ended the stream stands in the way of its status.
  grpc::ByteBuffer response;
  while (stream_->Read(&response)) continue;
  finished_ = true;
  const absl::Status status = FromPeer(stream_->Finish(), "Bob's channel", call_->cancelled());
  if (status.ok()) return absl::DataLossError("Bob ended the channel before the message did");
  return status;
}

absl::Status MessageSender::Finish() {
  if (offset_ < begin_) {
    return absl::AbortedError(absl::StrCat("Bob has ", begin_, " bytes of a message of ",
                                           offset_, ": it is another one"));
  }
  KVWIRE_RETURN_IF_ERROR(SendChunk(static_cast<int64_t>(data_.size()), /*last=*/true));
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = TakeProgress();
  KVWIRE_RETURN_IF_ERROR(more.status());
  finished_ = true;
  const StallGuard::Wait wait(guard_);
  KVWIRE_RETURN_IF_ERROR(FromPeer(stream_->Finish(), "Bob's channel", call_->cancelled()));
  if (committed_ == offset_) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("Bob committed ", committed_, " bytes of ", offset_));
}

}  // namespace kvwire
