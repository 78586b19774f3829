#include "server/bob_channel_service.h"

#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/wire/bulk_message.h"
#include "server/streams.h"

namespace kvwire {
namespace {

class SendHandler {
 public:
  SendHandler(MessageStore& store, std::string peer, int port, grpc::ByteBuffer* response)
      : store_(store), peer_(std::move(peer)), port_(port), response_(response) {}

  absl::Status Take(const grpc::ByteBuffer& request) {
    ReceivedChunk chunk{.message_bytes = static_cast<int64_t>(request.Length())};
    KVWIRE_RETURN_IF_ERROR(SplitBulkMessage(request, v1::SendRequest::kDataFieldNumber,
                                            chunk.fields, chunk.data));
    if (message_ == nullptr) {
      KVWIRE_ASSIGN_OR_RETURN(TcpMeter meter, TcpMeter::AttachAccepted(peer_, port_));
      KVWIRE_ASSIGN_OR_RETURN(message_, store_.Begin(chunk.fields, std::move(meter)));
    }
    return message_->Append(chunk);
  }

  absl::Status End() {
    if (message_ == nullptr) return absl::DataLossError("the stream ended without a chunk");
    KVWIRE_RETURN_IF_ERROR(message_->EndOfStream());
    v1::SendResponse response;
    response.set_committed_size(message_->committed_bytes());
    *response_ = JoinMessage(response);
    return absl::OkStatus();
  }

  void Cancel() {}

 private:
  MessageStore& store_;
  const std::string peer_;
  const int port_;
  grpc::ByteBuffer* response_;
  std::shared_ptr<ReceivedMessage> message_;
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* OneWayChannelHost::Send(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return new StreamReader<grpc::ByteBuffer, SendHandler>(
      *context, pool_,
      std::make_unique<SendHandler>(store_, context->peer(), channel_.port, response));
}

}  // namespace kvwire
