#include "common/waterfall/byte_census.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/kv/kv_cache.h"
#include "kvwire/v1/channel.pb.h"

namespace kvwire {
namespace {

constexpr std::string_view kSendPath = "/kvwire.v1.OneWayChannelService/Send";

}  // namespace

absl::Status ByteCensus::Append(Sender sender, std::string_view bytes) {
  if (sender == Sender::kClient) {
    const auto taken = static_cast<int64_t>(bytes.size());
    found_.client.preface = std::min(Http2Tap::kPrefaceBytes, found_.client.preface + taken);
  }
  return tap_.Append(sender, bytes);
}

void ByteCensus::VisitFrame(Sender sender, int type, int64_t payload_bytes) {
  StreamBytes& stream = sender == Sender::kClient ? found_.client : found_.server;
  FrameCount& count = stream.frames[type];
  ++count.frames;
  count.payload_bytes += payload_bytes;
  // Until it is known what else it is.
  if (type == NGHTTP2_DATA) stream.data_padding += payload_bytes;
}

void ByteCensus::VisitPath(int32_t stream, std::string_view path) {
  calls_[stream].path = std::string(path);
}

absl::Status ByteCensus::VisitData(Sender sender, int32_t stream, std::string_view data) {
  const bool from_client = sender == Sender::kClient;
  StreamBytes& count = from_client ? found_.client : found_.server;
  count.data_padding -= static_cast<int64_t>(data.size());
  Call& call = calls_[stream];
  GrpcMessages& messages = from_client ? call.client : call.server;
  return messages.Append(data, [&](const std::string& message) -> absl::Status {
    ++count.messages;
    count.grpc_prefixes += GrpcMessages::kPrefixBytes;
    count.protobuf += static_cast<int64_t>(message.size());
    const bool chunk = from_client && call.path == kSendPath;
    return chunk ? VisitChunk(message, call) : absl::OkStatus();
  });
}

absl::Status ByteCensus::VisitChunk(const std::string& message, Call& call) {
  v1::SendRequest request;
  if (!request.ParseFromString(message)) {
    return absl::DataLossError("a message on the channel is not a SendRequest");
  }
  if (found_.run_id == 0) found_.run_id = request.run_id();
  const std::string& data = request.data();
  const auto size = static_cast<int64_t>(data.size());
  found_.client.protobuf -= size;
  call.data_bytes += size;
  for (size_t at = 0; call.snapshot.ok() && at < data.size(); at += kMaxPieceBytes) {
    call.snapshot = call.inspector.Append(std::string_view(data).substr(at, kMaxPieceBytes));
  }
  return absl::OkStatus();
}

void ByteCensus::CountSnapshot(Call& call) {
  if (call.data_bytes == 0) return;
  const absl::StatusOr<SnapshotInspection> inspection = call.inspector.Finish();
  if (!call.snapshot.ok() || !inspection.ok()) {
    found_.client.other_data += call.data_bytes;
    return;
  }
  found_.client.snapshot_container += inspection->ContainerBytes();
  found_.client.snapshot_body += inspection->bytes - inspection->ContainerBytes();
}

absl::StatusOr<ByteCensus::Found> ByteCensus::Finish() {
  KVWIRE_RETURN_IF_ERROR(tap_.Finish());
  for (auto& [stream, call] : calls_) CountSnapshot(call);
  return std::move(found_);
}

}  // namespace kvwire
