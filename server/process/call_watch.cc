#include "server/process/call_watch.h"

#include <grpcpp/server_context.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/wire/status_conversion.h"
#include "server/calls/event_log.h"
#include "server/calls/peer_identity.h"

namespace kvwire {
namespace {

// gRPC owns it and deletes it before the context goes away.
class Watch final : public grpc::experimental::Interceptor {
 public:
  Watch(ServiceMetrics& metrics, grpc::experimental::ServerRpcInfo& info)
      : metrics_(metrics), context_(*info.server_context()), method_(info.method()) {
    metrics_.CallBegan(method_);
  }

  ~Watch() override {
    const absl::Duration duration = absl::Now() - began_;
    const bool good = code_ == absl::StatusCode::kOk;
    const std::string code = absl::StatusCodeToString(code_);
    LogEvent(good ? LogLevel::kDebug : LogLevel::kWarning, "call",
             {{"method", method_},
              {"peer", peer_},
              {"identity", identity_},
              {"code", code},
              {"message", message_},
              {"seconds", absl::ToDoubleSeconds(duration)}});
    metrics_.CallEnded(method_, code, duration);
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      const absl::Status status = FromGrpc(methods->GetSendStatus());
      code_ = status.code();
      message_ = std::string(status.message());
      peer_ = context_.peer();
      identity_ = IdentityOf(context_);
    }
    methods->Proceed();
  }

 private:
  ServiceMetrics& metrics_;
  const grpc::ServerContextBase& context_;
  const std::string method_;
  const absl::Time began_ = absl::Now();
  std::string peer_;
  std::string identity_;
  // Unless it comes to a status.
  absl::StatusCode code_ = absl::StatusCode::kCancelled;
  std::string message_;
};

}  // namespace

grpc::experimental::Interceptor* CallWatch::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  return new Watch(metrics_, *info);
}

}  // namespace kvwire
