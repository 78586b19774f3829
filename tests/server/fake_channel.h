#ifndef KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_
#define KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_

// A Bob who does with the channel what the test wants.

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "kvwire/v1/channel.grpc.pb.h"

namespace kvwire {

class FakeChannel final : public v1::OneWayChannelService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::SendResponse, v1::SendRequest>;

  // Fills in the last answer.
  std::function<grpc::Status(grpc::ServerContext&, Stream&, v1::SendResponse&)> send;

  // What he says that he has of any message.
  std::optional<int64_t> committed;

  grpc::Status Send(grpc::ServerContext* context, Stream* stream) override {
    v1::SendResponse response;
    const grpc::Status status = send(*context, *stream, response);
    if (status.ok()) stream->Write(response);
    return status;
  }

  grpc::Status QueryWriteStatus(grpc::ServerContext* /*context*/,
                                const v1::QueryWriteStatusRequest* /*request*/,
                                v1::QueryWriteStatusResponse* response) override {
    if (!committed.has_value()) return {grpc::StatusCode::UNIMPLEMENTED, "not asked for"};
    response->set_committed_size(*committed);
    return grpc::Status::OK;
  }
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_
