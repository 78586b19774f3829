#ifndef KVWIRE_SERVER_CALLS_PEER_IDENTITY_H_
#define KVWIRE_SERVER_CALLS_PEER_IDENTITY_H_

// Who is calling.

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <string>

namespace kvwire {

// The names of the certificate that a caller showed (subject alternative names, sorted and
// joined by spaces; without any, the common name). Empty without one. What a caller opens
// belongs to whoever has this identity.
std::string IdentityOf(const grpc::AuthContext& caller);
std::string IdentityOf(const grpc::ServerContextBase& call);

// The identity; without one the address, without its port: "ipv4:10.0.0.1". Whom quotas are
// for.
std::string PeerOf(const grpc::ServerContextBase& call);

struct Caller {
  std::string identity;
  std::string peer;
};

Caller CallerOf(const grpc::ServerContextBase& call);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_PEER_IDENTITY_H_
