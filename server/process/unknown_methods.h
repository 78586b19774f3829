#ifndef KVWIRE_SERVER_PROCESS_UNKNOWN_METHODS_H_
#define KVWIRE_SERVER_PROCESS_UNKNOWN_METHODS_H_

#include <grpcpp/generic/async_generic_service.h>

namespace kvwire {

// Answers calls of methods that a port does not serve: UNIMPLEMENTED with a message, where
// gRPC gives none. So who calls can tell a wrong port from a server that is about to end
// (FromPeer in common/wire/status_conversion.h). Thread-safe. An object belongs to one
// server: gRPC aborts when a second one registers it.
class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_UNKNOWN_METHODS_H_
