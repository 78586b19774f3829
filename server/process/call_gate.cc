#include "server/process/call_gate.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/calls/event_log.h"
#include "server/calls/peer_identity.h"

namespace kvwire {
namespace {

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// "kvwire.v1.BobService" of "/kvwire.v1.BobService/Decode".
std::string_view ServiceOf(std::string_view path) {
  if (path.empty()) return path;
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

bool HasName(const grpc::AuthContext& caller, std::string_view name) {
  const auto names = caller.FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME);
  return std::any_of(names.begin(), names.end(),
                     [name](grpc::string_ref one) { return View(one) == name; });
}

}  // namespace

grpc::Status CallGate::Process(const InputMetadata& metadata, grpc::AuthContext* caller,
                               OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) {
  const auto path = metadata.find(":path");
  if (path == metadata.end()) return {grpc::StatusCode::UNAUTHENTICATED, "a call of nothing"};
  const std::string service(ServiceOf(View(path->second)));
  const auto rule = names_.find(service);
  if (rule == names_.end() || rule->second.empty()) return grpc::Status::OK;
  if (caller->IsPeerAuthenticated() && HasName(*caller, rule->second)) return grpc::Status::OK;
  const std::string identity = IdentityOf(*caller);
  LogEvent(LogLevel::kWarning, "denied",
           {{"path", std::string(View(path->second))}, {"identity", identity}});
  return {grpc::StatusCode::PERMISSION_DENIED,
          absl::StrCat(service, " is for callers whose certificate names ", rule->second,
                       "; this one names ", identity)};
}

}  // namespace kvwire
