#ifndef KVWIRE_TESTS_WIRE_LOOPBACK_SERVER_H_
#define KVWIRE_TESTS_WIRE_LOOPBACK_SERVER_H_

// gRPC servers in this process, and ports where there is none.

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/wire/channels.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_tuning.h"

namespace kvwire {

// Serves on a port that the system picks, with the window of Alice's channel. Its services
// must outlive it; calls that are under way at its end are cancelled.
class LoopbackServer {
 public:
  explicit LoopbackServer(const std::vector<grpc::Service*>& services,
                          const std::string& host = "127.0.0.1")
      : endpoint_{host, 0} {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(kMaxMessageBytes);
    TuneReceiver(builder);
    builder.AddListeningPort(endpoint_.ToString(), grpc::InsecureServerCredentials(),
                             &endpoint_.port);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) throw std::runtime_error("no server on " + endpoint_.ToString());
  }
  ~LoopbackServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  Endpoint endpoint_;
  std::unique_ptr<grpc::Server> server_;
};

// A port that refuses connections for as long as this lives: it is taken, but nobody
// listens.
class RefusingPort {
 public:
  RefusingPort() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      throw std::runtime_error("no port can be bound");
    }
    endpoint_ = {"127.0.0.1", ntohs(address.sin_port)};
  }
  ~RefusingPort() { close(descriptor_); }
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  int descriptor_;
  Endpoint endpoint_;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_WIRE_LOOPBACK_SERVER_H_
