#include "server/bob_channel_service.h"

#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "server/peer_identity.h"
#include "server/streams.h"
#include "server/unary_call.h"

namespace kvwire {
namespace {

class SendHandler {
 public:
  SendHandler(MessageStore& store, const grpc::CallbackServerContext& context, int port,
              grpc::ByteBuffer* response)
      : store_(store),
        peer_(context.peer()),
        identity_(IdentityOf(context)),
        port_(port),
        response_(response) {}

  absl::Status Take(const grpc::ByteBuffer& request) {
    ReceivedChunk chunk{.message_bytes = static_cast<int64_t>(request.Length())};
    KVWIRE_RETURN_IF_ERROR(SplitBulkMessage(request, v1::SendRequest::kDataFieldNumber,
                                            chunk.fields, chunk.data));
    if (stream_.message == nullptr) {
      KVWIRE_ASSIGN_OR_RETURN(TcpMeter meter, TcpMeter::AttachAccepted(peer_, port_));
      KVWIRE_ASSIGN_OR_RETURN(stream_,
                              store_.Begin(chunk.fields, identity_, std::move(meter)));
    }
    return stream_.message->Append(stream_.number, chunk);
  }

  absl::Status End() {
    if (stream_.message == nullptr)
      return absl::DataLossError("the stream ended without a chunk");
    KVWIRE_RETURN_IF_ERROR(stream_.message->EndStream(stream_.number));
    v1::SendResponse response;
    response.set_committed_size(stream_.message->committed_bytes());
    *response_ = JoinMessage(response);
    return absl::OkStatus();
  }

  void Cancel() {}

 private:
  MessageStore& store_;
  const std::string peer_;
  const std::string identity_;
  const int port_;
  grpc::ByteBuffer* response_;
  MessageStore::Stream stream_;
};

absl::Status AnswerWriteStatus(MessageStore& store, const v1::QueryWriteStatusRequest& request,
                               const grpc::CallbackServerContext& context, int port,
                               v1::QueryWriteStatusResponse& response) {
  if (request.run_id() == 0) return absl::InvalidArgumentError("the query names no run");
  KVWIRE_ASSIGN_OR_RETURN(const auto message, store.Find(request.run_id()));
  KVWIRE_ASSIGN_OR_RETURN(TcpMeter meter, TcpMeter::AttachAccepted(context.peer(), port));
  KVWIRE_ASSIGN_OR_RETURN(
      response, message->WriteStatus(request, IdentityOf(context), std::move(meter)));
  return absl::OkStatus();
}

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* OneWayChannelHost::Send(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new StreamReader<grpc::ByteBuffer, SendHandler>(
      *context, pool_,
      std::make_unique<SendHandler>(store_, *context, channel_.port, response));
}

grpc::ServerUnaryReactor* OneWayChannelHost::QueryWriteStatus(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  // On the pool: it waits for a chunk that is being stored, and for the disk.
  return new UnaryCall<v1::QueryWriteStatusRequest, v1::QueryWriteStatusResponse>(
      pool_, memory_, request, response,
      [this, context](const v1::QueryWriteStatusRequest& query,
                      v1::QueryWriteStatusResponse& answer) {
        return AnswerWriteStatus(store_, query, *context, channel_.port, answer);
      });
}

}  // namespace kvwire
