#include "server/alice_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

// How long the last acknowledgements may take after the connection is shut down.
constexpr absl::Duration kCloseTime = absl::Seconds(10);

}  // namespace

MessageSender::MessageSender(MeasuredChannel connection, uint64_t run_id,
                             std::string parameters_digest,
                             std::optional<int64_t> payload_bytes, Cancellation& cancellation)
    : connection_(std::move(connection)), call_(std::in_place, cancellation) {
  chunk_.set_run_id(run_id);
  chunk_.set_parameters_digest(std::move(parameters_digest));
  if (payload_bytes.has_value()) chunk_.set_payload_bytes(*payload_bytes);
  // The headers travel with the first chunk, in one segment.
  call_->context()->set_initial_metadata_corked(true);
  stub_ = v1::OneWayChannelService::NewStub(connection_.channel);
  writer_ = stub_->Send(call_->context(), &response_);
}

MessageSender::~MessageSender() {
  if (finished_) return;
  call_->context()->TryCancel();
  writer_->Finish().IgnoreError();
}

absl::Status MessageSender::Write(std::string_view piece) {
  while (!piece.empty()) {
    // A full chunk waits until more comes: the last one must say that it is.
    if (chunk_.data().size() == kChunkBytes) KVWIRE_RETURN_IF_ERROR(SendChunk(/*last=*/false));
    const size_t take = std::min(piece.size(), kChunkBytes - chunk_.data().size());
    chunk_.mutable_data()->append(piece.substr(0, take));
    piece.remove_prefix(take);
  }
  return absl::OkStatus();
}

absl::Status MessageSender::SendChunk(bool last) {
  const std::string& data = chunk_.data();
  const int64_t size = static_cast<int64_t>(data.size());
  chunk_.set_offset(offset_);
  chunk_.set_crc32c(Crc32c(data));
  hash_.Update(data);
  offset_ += size;
  if (last) {
    sha256_ = hash_.Finish();
    chunk_.mutable_finish()->set_total_bytes(offset_);
    chunk_.mutable_finish()->set_sha256(sha256_);
  }
  ledger_.set_message_count(ledger_.message_count() + 1);
  ledger_.set_message_bytes(ledger_.message_bytes() +
                            static_cast<int64_t>(chunk_.ByteSizeLong()));
  ledger_.set_snapshot_bytes(offset_);
  grpc::WriteOptions options;
  if (last) options.set_last_message();
  if (!writer_->Write(chunk_, options)) return StreamError();
  chunk_.Clear();
  return absl::OkStatus();
}

absl::Status MessageSender::StreamError() {
  finished_ = true;
  const absl::Status status = FromGrpc(writer_->Finish());
  if (status.ok()) return absl::DataLossError("Bob ended the channel before the message did");
  return Annotate(status, "Bob's channel");
}

absl::StatusOr<v1::ChannelLedger> MessageSender::Finish() {
  KVWIRE_RETURN_IF_ERROR(SendChunk(/*last=*/true));
  finished_ = true;
  KVWIRE_RETURN_IF_ERROR(Annotate(FromGrpc(writer_->Finish()), "Bob's channel"));
  if (response_.committed_size() != offset_) {
    return absl::DataLossError(
        absl::StrCat("Bob committed ", response_.committed_size(), " bytes of ", offset_));
  }
  // The connection ends with the last that holds the channel.
  writer_.reset();
  call_.reset();
  stub_.reset();
  connection_.channel.reset();
  *ledger_.add_connections() = connection_.meter.Count(kCloseTime);
  return ledger_;
}

}  // namespace kvwire
