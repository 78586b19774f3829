#ifndef KVWIRE_SERVER_PROCESS_SERVER_SECURITY_H_
#define KVWIRE_SERVER_PROCESS_SERVER_SECURITY_H_

// How a port is secured.

#include <grpcpp/security/server_credentials.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/wire/tls_files.h"

namespace kvwire {

// Plaintext if `tls` is not enabled. Else TLS whose files are read again when they change;
// where callers must show certificates, `names` says whose may call which service (see
// call_gate.h). Errors as CheckServerTls.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const ServerTls& tls, std::map<std::string, std::string> names);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_SERVER_SECURITY_H_
