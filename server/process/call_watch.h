#ifndef KVWIRE_SERVER_PROCESS_CALL_WATCH_H_
#define KVWIRE_SERVER_PROCESS_CALL_WATCH_H_

// Watches every call of a service: counts and reports how it ended.

#include <grpcpp/support/server_interceptor.h>

#include "server/process/service_metrics.h"

namespace kvwire {

// Makes the watch of each call.
class CallWatch final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // The metrics must outlive the server.
  explicit CallWatch(ServiceMetrics& metrics) : metrics_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  ServiceMetrics& metrics_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_CALL_WATCH_H_
