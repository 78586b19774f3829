#include "server/service_main.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/parallel.h"
#include "common/wire/channels.h"
#include "common/wire/transport_tuning.h"

namespace kvwire {
namespace {

constexpr absl::Duration kDrainTime = absl::Seconds(30);

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

absl::Status CheckBind(const Endpoint& endpoint, bool insecure_bind) {
  if (endpoint.IsLoopback() || insecure_bind) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "refusing to listen on ", endpoint.ToString(),
      " without encryption: use a loopback address, or say --insecure-bind if the "
      "network is trusted"));
}

std::unique_ptr<grpc::Server> StartServer(const Listener& listener, int& port) {
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  TuneReceiver(builder);
  // Compressed messages falsify byte counts, and inflate before any limit applies.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddListeningPort(listener.endpoint.ToString(), grpc::InsecureServerCredentials(),
                           &port);
  for (grpc::Service* service : listener.services) builder.RegisterService(service);
  return builder.BuildAndStart();
}

}  // namespace

void AddServiceFlags(CLI::App& app, ServiceFlags& flags) {
  app.add_option("--listen", flags.listen, "HOST:PORT to serve on; port 0: the system picks")
      ->capture_default_str();
  app.add_flag("--insecure-bind", flags.insecure_bind,
               "allow listening on other than loopback addresses, unencrypted");
  app.add_option("--threads", flags.threads, "threads for computing; 0: one a core")
      ->check(CLI::Range(0, 1024));
}

std::optional<int> ParseServiceFlags(CLI::App& app, int argc, char** argv) {
  TuneProcess();
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

int ServiceError(const absl::Status& status) {
  std::cerr << "error: " << status.message() << std::endl;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int Serve(const std::vector<Listener>& listeners, const ServiceFlags& flags) {
  SetParallelThreads(flags.threads);
  grpc::EnableDefaultHealthCheckService(true);
  bool loopback = true;
  for (const Listener& listener : listeners) {
    const absl::Status allowed = CheckBind(listener.endpoint, flags.insecure_bind);
    if (!allowed.ok()) return ServiceError(allowed);
    loopback = loopback && listener.endpoint.IsLoopback();
  }
  if (loopback) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::vector<std::unique_ptr<grpc::Server>> servers;
  for (const Listener& listener : listeners) {
    int port = 0;
    std::unique_ptr<grpc::Server> server = StartServer(listener, port);
    if (server == nullptr || port == 0) {
      return ServiceError(absl::UnavailableError(
          absl::StrCat("cannot listen on ", listener.endpoint.ToString(),
                       ": the port is taken or the address is not this machine's")));
    }
    const Endpoint bound{listener.endpoint.host, port};
    if (listener.bound != nullptr) *listener.bound = bound;
    servers.push_back(std::move(server));
    std::cout << listener.label << " " << bound.ToString() << std::endl;
  }
  const sigset_t signals = EndSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  for (const auto& server : servers) server->GetHealthCheckService()->SetServingStatus(false);
  for (const auto& server : servers)
    server->Shutdown(absl::ToChronoTime(absl::Now() + kDrainTime));
  return 128 + signal;
}

}  // namespace kvwire
