#include "server/bob_channel_service.h"

#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "server/streams.h"

namespace kvwire {
namespace {

class SendHandler {
 public:
  SendHandler(MessageStore& store, std::string peer, int port, v1::SendResponse* response)
      : store_(store), peer_(std::move(peer)), port_(port), response_(response) {}

  absl::Status Take(const v1::SendRequest& chunk) {
    if (message_ == nullptr) {
      KVWIRE_ASSIGN_OR_RETURN(TcpMeter meter, TcpMeter::AttachAccepted(peer_, port_));
      KVWIRE_ASSIGN_OR_RETURN(message_, store_.Begin(chunk, std::move(meter)));
    }
    return message_->Append(chunk);
  }

  absl::Status End() {
    if (message_ == nullptr) return absl::DataLossError("the stream ended without a chunk");
    KVWIRE_RETURN_IF_ERROR(message_->EndOfStream());
    response_->set_committed_size(message_->committed_bytes());
    return absl::OkStatus();
  }

  void Cancel() {}

 private:
  MessageStore& store_;
  const std::string peer_;
  const int port_;
  v1::SendResponse* response_;
  std::shared_ptr<ReceivedMessage> message_;
};

}  // namespace

grpc::ServerReadReactor<v1::SendRequest>* OneWayChannelHost::Send(
    grpc::CallbackServerContext* context, v1::SendResponse* response) {
  return new StreamReader<v1::SendRequest, SendHandler>(
      pool_, std::make_unique<SendHandler>(store_, context->peer(), channel_.port, response));
}

}  // namespace kvwire
