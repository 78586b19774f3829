#ifndef KVWIRE_SERVER_PROCESS_CALL_GATE_H_
#define KVWIRE_SERVER_PROCESS_CALL_GATE_H_

// Who may call what, where callers show certificates: each service is open to one name.

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <map>
#include <string>
#include <utility>

namespace kvwire {

// Thread-safe.
class CallGate final : public grpc::AuthMetadataProcessor {
 public:
  // `names`: by the full name of a service, the subject alternative name that its callers'
  // certificates must have; empty: any certificate that the CA signed will do. The same
  // holds for services not listed, which are gRPC's own: health and reflection.
  explicit CallGate(std::map<std::string, std::string> names) : names_(std::move(names)) {}

  bool IsBlocking() const override { return false; }

  // PERMISSION_DENIED, naming both sides' names, for callers with others.
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* caller,
                       OutputMetadata* consumed, OutputMetadata* response) override;

 private:
  const std::map<std::string, std::string> names_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_CALL_GATE_H_
