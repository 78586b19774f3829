#ifndef KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_
#define KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_

// A Bob who does with the channel what the test wants.

#include <grpcpp/grpcpp.h>

#include <functional>

#include "kvwire/v1/channel.grpc.pb.h"

namespace kvwire {

class FakeChannel final : public v1::OneWayChannelService::Service {
 public:
  using Reader = grpc::ServerReader<v1::SendRequest>;

  std::function<grpc::Status(grpc::ServerContext&, Reader&, v1::SendResponse&)> send;

  grpc::Status Send(grpc::ServerContext* context, Reader* reader,
                    v1::SendResponse* response) override {
    return send(*context, *reader, *response);
  }
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_FAKE_CHANNEL_H_
