#ifndef KVWIRE_COMMON_WIRE_TRANSPORT_SECURITY_H_
#define KVWIRE_COMMON_WIRE_TRANSPORT_SECURITY_H_

// How a client's channels are secured: not at all, or by TLS whose files are read again
// when they change, so that certificates can be renewed without a restart.

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/wire/endpoint.h"
#include "common/wire/tls_files.h"

namespace kvwire {

// How often files are looked at.
inline constexpr unsigned kCertificateRefreshSeconds = 1;

// Cheap to copy. Thread-safe.
class ChannelSecurity {
 public:
  // Plaintext.
  ChannelSecurity();

  // What `tls` says; plaintext if it is not enabled. Errors as CheckClientTls.
  static absl::StatusOr<ChannelSecurity> Create(const ClientTls& tls);

  bool encrypted() const { return encrypted_; }
  const std::shared_ptr<grpc::ChannelCredentials>& credentials() const { return credentials_; }

  // What the certificate of who is dialled at `endpoint` must name.
  const std::string& PeerName(const Endpoint& endpoint) const {
    return server_name_.empty() ? endpoint.host : server_name_;
  }

 private:
  bool encrypted_ = false;
  std::string server_name_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_TRANSPORT_SECURITY_H_
