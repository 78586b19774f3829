#include "server/process/service_main.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/parallel.h"
#include "common/base/status_macros.h"
#include "common/wire/channels.h"
#include "common/wire/transport_tuning.h"
#include "server/calls/draining.h"
#include "server/calls/event_log.h"
#include "server/calls/peer_wait.h"
#include "server/process/call_watch.h"
#include "server/process/end_signals.h"
#include "server/process/server_security.h"
#include "server/process/unknown_methods.h"

namespace kvwire {
namespace {

constexpr int kMaxMetadataBytes = 8 << 10;

absl::Status CheckBind(const Endpoint& endpoint, const ServiceFlags& flags) {
  if (endpoint.IsLoopback() || flags.tls.enabled() || flags.insecure_bind) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "refusing to listen on ", endpoint.ToString(),
      " without encryption: use a loopback address, or --tls-cert and --tls-key (see kvwire "
      "certs), or say --insecure-bind if the network is trusted"));
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetLimits(const ServiceFlags& flags, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  TuneReceiver(builder);
  // Compressed messages falsify byte counts, and inflate before any limit applies.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, flags.streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             Milliseconds(flags.handshake_timeout));
  // A sender may compute for long before its first call.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             Milliseconds(4 * flags.idle_timeout));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const Listener& listener, const ServerTls& tls) {
  std::map<std::string, std::string> names;
  for (const ServedService& served : listener.services) names[served.name] = served.caller;
  return ServerCredentialsOf(tls, std::move(names));
}

// The servers of a process, and what watches over them.
class Servers {
 public:
  Servers(const ServiceFlags& flags, std::vector<MetricGauge> gauges)
      : flags_(flags), metrics_(std::move(gauges)), transport_(flags.listen) {
    transport_.Resize(static_cast<size_t>(flags.transport_memory_bytes));
  }

  absl::Status StartMetrics() {
    if (flags_.metrics.empty()) return absl::OkStatus();
    KVWIRE_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(flags_.metrics));
    if (!endpoint.IsLoopback() && !flags_.insecure_bind) {
      return absl::InvalidArgumentError(
          absl::StrCat("refusing to serve metrics on ", endpoint.ToString(),
                       ", for they are not encrypted: use a loopback address, or say "
                       "--insecure-bind if the network is trusted"));
    }
    KVWIRE_ASSIGN_OR_RETURN(const Endpoint bound, metrics_.Expose(endpoint));
    std::cout << "metrics " << bound.ToString() << std::endl;
    return absl::OkStatus();
  }

  absl::Status Start(const Listener& listener) {
    KVWIRE_ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(listener, flags_.tls));
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    SetLimits(flags_, builder);
    builder.SetResourceQuota(transport_);
    int port = 0;
    builder.AddListeningPort(listener.endpoint.ToString(), credentials, &port);
    for (const ServedService& served : listener.services) {
      builder.RegisterService(served.service);
    }
    unknown_methods_.push_back(std::make_unique<UnknownMethods>());
    builder.RegisterCallbackGenericService(unknown_methods_.back().get());
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
        watches;
    watches.push_back(std::make_unique<CallWatch>(metrics_));
    builder.experimental().SetInterceptorCreators(std::move(watches));
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", listener.endpoint.ToString(),
                       ": the port is taken or the address is not this machine's"));
    }
    const Endpoint bound{listener.endpoint.host, port};
    if (listener.bound != nullptr) *listener.bound = bound;
    servers_.push_back(std::move(server));
    std::cout << listener.label << " " << bound.ToString() << std::endl;
    LogEvent(LogLevel::kInfo, "listening",
             {{"label", listener.label},
              {"endpoint", bound.ToString()},
              {"tls", flags_.tls.enabled()},
              {"client_certificates", flags_.tls.mutual()}});
    return absl::OkStatus();
  }

  void Drain(const std::function<bool()>& busy) {
    constexpr absl::Duration kPause = absl::Milliseconds(20);
    const absl::Time end = absl::Now() + flags_.drain_time;
    BeginDraining();
    for (const auto& server : servers_) {
      server->GetHealthCheckService()->SetServingStatus(false);
    }
    while (busy() && absl::Now() < end) absl::SleepFor(kPause);
    const auto deadline = absl::ToChronoTime(end);
    std::vector<std::thread> shutdowns;
    for (const auto& server : servers_) {
      shutdowns.emplace_back([&server, deadline] { server->Shutdown(deadline); });
    }
    for (std::thread& shutdown : shutdowns) shutdown.join();
  }

 private:
  const ServiceFlags& flags_;
  ServiceMetrics metrics_;
  std::vector<std::unique_ptr<UnknownMethods>> unknown_methods_;  // each serves one server
  grpc::ResourceQuota transport_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;
};

// Cuts off idle calls while it lives.
class IdleWatch {
 public:
  explicit IdleWatch(absl::Duration patience)
      : thread_([this, patience] {
          const absl::Duration pause =
              std::clamp(patience / 4, absl::Milliseconds(20), absl::Seconds(5));
          while (!ending_.WaitForNotificationWithTimeout(pause)) CutOffIdleCalls(patience);
        }) {}
  ~IdleWatch() {
    ending_.Notify();
    thread_.join();
  }

 private:
  absl::Notification ending_;
  std::thread thread_;  // last: it uses the other
};

// Ends the process at the next signal.
void EndOnSignal() {
  std::thread([] {
    const sigset_t signals = EndSignals();
    int signal = 0;
    sigwait(&signals, &signal);
    _exit(128 + signal);
  }).detach();
}

// A connection may take two descriptors, and a message one; the soft limit is for programs
// that select.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int WaitForSignal(const std::function<void()>& tidy) {
  constexpr timespec kPause = {.tv_sec = 5, .tv_nsec = 0};
  const sigset_t signals = EndSignals();
  int signal = -1;
  while ((signal = sigtimedwait(&signals, nullptr, &kPause)) < 0) {
    tidy();
  }
  return signal;
}

}  // namespace

int Serve(const std::vector<Listener>& listeners, const ServiceFlags& flags,
          const ServiceHooks& hooks) {
  SetParallelThreads(flags.threads);
  RaiseDescriptorLimit();
  // Whoever sends what is no message is told so. Protocol Buffers would write a line of text
  // on stderr too, among the reports, as often as a caller likes.
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  bool loopback = true;
  for (const Listener& listener : listeners) {
    const absl::Status allowed = CheckBind(listener.endpoint, flags);
    if (!allowed.ok()) return ServiceError(allowed);
    loopback = loopback && listener.endpoint.IsLoopback();
  }
  if (loopback) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  Servers servers(flags, hooks.gauges);
  absl::Status started = servers.StartMetrics();
  for (const Listener& listener : listeners) {
    if (started.ok()) started = servers.Start(listener);
  }
  if (!started.ok()) return ServiceError(started);
  const IdleWatch watch(flags.idle_timeout);
  const int signal = WaitForSignal(hooks.tidy);
  LogEvent(LogLevel::kInfo, "draining", {{"signal", signal}});
  EndOnSignal();
  servers.Drain(hooks.busy);
  LogEvent(LogLevel::kInfo, "drained", nlohmann::ordered_json::object());
  return 128 + signal;
}

}  // namespace kvwire
