// What gRPC does with a stream of bytes if nobody thinks about it: generated code, sync
// calls, default settings, messages of 1 MiB.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstring>

#include "absl/time/clock.h"
#include "common/wire/status_conversion.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "tests/bench/transfer/transfer_mode.h"

namespace kvwire::bench {
namespace {

constexpr size_t kMessageBytes = size_t{1} << 20;

class PlainSender final : public Sender {
 public:
  explicit PlainSender(const Endpoint& receiver) : receiver_(receiver) {}

  absl::StatusOr<Transfer> Send(std::string_view source) override {
    const auto channel =
        grpc::CreateChannel(receiver_.ToString(), grpc::InsecureChannelCredentials());
    const auto stub = v1::OneWayChannelService::NewStub(channel);
    if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(10)))) {
      return absl::UnavailableError("no connection");
    }
    const absl::Time start = absl::Now();
    grpc::ClientContext context;
    const auto stream = stub->Send(&context);
    v1::SendRequest request;
    int64_t offset = 0;
    while (!source.empty()) {
      request.set_write_offset(offset);
      request.set_data(source.data(), std::min(source.size(), kMessageBytes));
      offset += static_cast<int64_t>(request.data().size());
      source.remove_prefix(request.data().size());
      if (!stream->Write(request)) break;
    }
    stream->WritesDone();
    const absl::Status status = FromGrpc(stream->Finish());
    if (!status.ok()) return status;
    return Transfer{.duration = absl::Now() - start};
  }

 private:
  const Endpoint receiver_;
};

class PlainService final : public v1::OneWayChannelService::Service {
 public:
  PlainService(char* destination, int64_t bytes) : destination_(destination), bytes_(bytes) {}

  grpc::Status Send(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<v1::SendResponse, v1::SendRequest>* stream) override {
    v1::SendRequest request;
    while (stream->Read(&request)) {
      const std::string& data = request.data();
      if (request.write_offset() + static_cast<int64_t>(data.size()) > bytes_) {
        return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "more than was agreed on");
      }
      std::memcpy(destination_ + request.write_offset(), data.data(), data.size());
    }
    return grpc::Status::OK;
  }

 private:
  char* const destination_;
  const int64_t bytes_;
};

class PlainReceiver final : public Receiver {
 public:
  PlainReceiver(const std::string& host, char* destination, int64_t bytes)
      : service_(destination, bytes) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(Endpoint{host, 0}.ToString(), grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  int port() const override { return port_; }

 private:
  PlainService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<Sender> MakePlainSender(const Endpoint& receiver) {
  return std::make_unique<PlainSender>(receiver);
}

std::unique_ptr<Receiver> MakePlainReceiver(const std::string& host, char* destination,
                                            int64_t bytes) {
  return std::make_unique<PlainReceiver>(host, destination, bytes);
}

}  // namespace kvwire::bench
