#include "server/bob/bob_channel_service.h"

#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "common/wire/channel_pace.h"
#include "server/calls/acknowledged_reader.h"
#include "server/calls/peer_identity.h"
#include "server/calls/unary_call.h"

namespace kvwire {
namespace {

class SendHandler {
 public:
  SendHandler(MessageStore& store, const grpc::CallbackServerContext& context, int port)
      : store_(store), peer_(context.peer()), identity_(IdentityOf(context)), port_(port) {}

  absl::Status Take(const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
    ReceivedChunk chunk{.message_bytes = static_cast<int64_t>(request.Length())};
    KVWIRE_RETURN_IF_ERROR(SplitBulkMessage(request, v1::SendRequest::kDataFieldNumber,
                                            chunk.fields, chunk.data));
    if (stream_.message == nullptr) {
      KVWIRE_ASSIGN_OR_RETURN(auto meter, TcpMeter::AttachAccepted(peer_, port_));
      KVWIRE_ASSIGN_OR_RETURN(stream_,
                              store_.Begin(chunk.fields, identity_, std::move(meter)));
      said_ = chunk.fields.write_offset();
    }
    KVWIRE_RETURN_IF_ERROR(stream_.message->Append(stream_.number, chunk));
    // The end is answered when the sender has ended the stream too.
    if (chunk.fields.has_finish_write()) return absl::OkStatus();
    if (stream_.message->committed_bytes() - said_ >= kProgressBytes) Say(response);
    return absl::OkStatus();
  }

  absl::Status End(grpc::ByteBuffer& response) {
    if (stream_.message == nullptr)
      return absl::DataLossError("the stream ended without a chunk");
    KVWIRE_RETURN_IF_ERROR(stream_.message->EndStream(stream_.number));
    Say(response);
    return absl::OkStatus();
  }

 private:
  void Say(grpc::ByteBuffer& response) {
    v1::SendResponse progress;
    progress.set_committed_size(said_ = stream_.message->committed_bytes());
    response = JoinMessage(progress);
  }

  MessageStore& store_;
  const std::string peer_;
  const std::string identity_;
  const int port_;
  MessageStore::Stream stream_;
  int64_t said_ = 0;  // how much is committed, as the sender has heard it
};

absl::Status AnswerWriteStatus(MessageStore& store, const v1::QueryWriteStatusRequest& request,
                               const grpc::CallbackServerContext& context, int port,
                               v1::QueryWriteStatusResponse& response) {
  if (request.run_id() == 0) return absl::InvalidArgumentError("the query names no run");
  KVWIRE_ASSIGN_OR_RETURN(const auto message, store.Find(request.run_id()));
  KVWIRE_ASSIGN_OR_RETURN(auto meter, TcpMeter::AttachAccepted(context.peer(), port));
  KVWIRE_ASSIGN_OR_RETURN(
      response, message->WriteStatus(request, IdentityOf(context), std::move(meter)));
  return absl::OkStatus();
}

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* OneWayChannelHost::Send(
    grpc::CallbackServerContext* context) {
  return new AcknowledgedReader<SendHandler>(
      *context, pool_, std::make_unique<SendHandler>(store_, *context, channel_.port));
}

grpc::ServerUnaryReactor* OneWayChannelHost::QueryWriteStatus(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  // On the pool: it waits for a chunk that is being stored, and for the disk.
  return new UnaryCall<v1::QueryWriteStatusRequest, v1::QueryWriteStatusResponse>(
      *context, pool_, memory_, request, response,
      [this, context](const v1::QueryWriteStatusRequest& query,
                      v1::QueryWriteStatusResponse& answer) {
        return AnswerWriteStatus(store_, query, *context, channel_.port, answer);
      });
}

}  // namespace kvwire
