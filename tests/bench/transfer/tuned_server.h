#ifndef KVWIRE_TESTS_BENCH_TRANSFER_TUNED_SERVER_H_
#define KVWIRE_TESTS_BENCH_TRANSFER_TUNED_SERVER_H_

// A server as kvwire's services have it.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "common/wire/channels.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_tuning.h"

namespace kvwire::bench {

class TunedServer {
 public:
  // `service` must outlive it.
  TunedServer(const std::string& host, grpc::Service& service) {
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    TuneReceiver(builder);
    builder.AddListeningPort(Endpoint{host, 0}.ToString(), grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
  }

  int port() const { return port_; }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace kvwire::bench

#endif  // KVWIRE_TESTS_BENCH_TRANSFER_TUNED_SERVER_H_
