#include "server/alice_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/cord_views.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/bulk_message.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

// How long the last acknowledgements may take after the connection is shut down.
constexpr absl::Duration kCloseTime = absl::Seconds(10);

constexpr int64_t kSmallestChunkBytes = int64_t{1} << 20;
constexpr int64_t kLargestChunkBytes = int64_t{4} << 20;

}  // namespace

MessageSender::MessageSender(MeasuredChannel connection, uint64_t run_id,
                             std::string parameters_digest,
                             std::optional<int64_t> payload_bytes, Cancellation& cancellation)
    : connection_(std::move(connection)), call_(std::in_place, cancellation) {
  fields_.set_run_id(run_id);
  fields_.set_parameters_digest(std::move(parameters_digest));
  if (payload_bytes.has_value()) fields_.set_payload_bytes(*payload_bytes);
  // The headers travel with the first chunk, in one segment.
  call_->context()->set_initial_metadata_corked(true);
  writer_ = StartBulkSend(*connection_.channel,
                          MethodPath(v1::OneWayChannelService::service_full_name(), "Send"),
                          call_->context(), &response_);
}

MessageSender::~MessageSender() {
  if (finished_) return;
  call_->context()->TryCancel();
  writer_->Finish().IgnoreError();
}

int64_t MessageSender::ChunkBytesAt(int64_t offset) {
  return std::clamp(offset, kSmallestChunkBytes, kLargestChunkBytes);
}

absl::Status MessageSender::Write(absl::Cord piece) {
  data_.Append(std::move(piece));
  // A full chunk waits until more comes: the last one must say that it is.
  while (static_cast<int64_t>(data_.size()) > ChunkBytesAt(offset_)) {
    KVWIRE_RETURN_IF_ERROR(SendChunk(ChunkBytesAt(offset_), /*last=*/false));
  }
  return absl::OkStatus();
}

absl::Status MessageSender::SendChunk(int64_t size, bool last) {
  const absl::Cord data = data_.Subcord(0, size);
  data_.RemovePrefix(size);
  uint32_t crc = 0;
  for (const absl::string_view piece : data.Chunks()) {
    crc = Crc32c(StdView(piece), crc);
    hash_.Update(StdView(piece));
  }
  fields_.set_offset(offset_);
  fields_.set_crc32c(crc);
  offset_ += size;
  if (last) {
    sha256_ = hash_.Finish();
    fields_.mutable_finish()->set_total_bytes(offset_);
    fields_.mutable_finish()->set_sha256(sha256_);
  }
  const grpc::ByteBuffer chunk =
      JoinBulkMessage(fields_, v1::SendRequest::kDataFieldNumber, data);
  ledger_.set_message_count(ledger_.message_count() + 1);
  ledger_.set_message_bytes(ledger_.message_bytes() + static_cast<int64_t>(chunk.Length()));
  ledger_.set_snapshot_bytes(offset_);
  grpc::WriteOptions options;
  if (last) options.set_last_message();
  if (!writer_->Write(chunk, options)) return StreamError();
  fields_.Clear();
  return absl::OkStatus();
}

absl::Status MessageSender::StreamError() {
  finished_ = true;
  const absl::Status status = FromPeer(writer_->Finish(), "Bob's channel", call_->cancelled());
  if (status.ok()) return absl::DataLossError("Bob ended the channel before the message did");
  return status;
}

absl::StatusOr<v1::ChannelLedger> MessageSender::Finish() {
  KVWIRE_RETURN_IF_ERROR(SendChunk(static_cast<int64_t>(data_.size()), /*last=*/true));
  finished_ = true;
  KVWIRE_RETURN_IF_ERROR(FromPeer(writer_->Finish(), "Bob's channel", call_->cancelled()));
  if (response_.committed_size() != offset_) {
    return absl::DataLossError(
        absl::StrCat("Bob committed ", response_.committed_size(), " bytes of ", offset_));
  }
  // The connection ends with the last that holds the channel.
  writer_.reset();
  call_.reset();
  connection_.channel.reset();
  *ledger_.add_connections() = connection_.meter.Count(kCloseTime);
  return ledger_;
}

}  // namespace kvwire
