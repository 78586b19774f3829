#include "server/calls/peer_identity.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_join.h"

namespace kvwire {

std::string IdentityOf(const grpc::AuthContext& caller) {
  if (!caller.IsPeerAuthenticated()) return "";
  std::vector<std::string> names;
  for (const grpc::string_ref& name : caller.GetPeerIdentity()) {
    names.emplace_back(name.data(), name.size());
  }
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, " ");
}

std::string IdentityOf(const grpc::ServerContextBase& call) {
  return IdentityOf(*call.auth_context());
}

std::string PeerOf(const grpc::ServerContextBase& call) {
  std::string identity = IdentityOf(call);
  if (!identity.empty()) return identity;
  const std::string peer = call.peer();
  return peer.substr(0, peer.rfind(':'));
}

Caller CallerOf(const grpc::ServerContextBase& call) {
  return {.identity = IdentityOf(call), .peer = PeerOf(call)};
}

}  // namespace kvwire
