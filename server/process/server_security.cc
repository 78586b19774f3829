#include "server/process/server_security.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <utility>

#include "common/base/status_macros.h"
#include "common/wire/transport_security.h"
#include "server/process/call_gate.h"

namespace kvwire {

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const ServerTls& tls, std::map<std::string, std::string> names) {
  KVWIRE_RETURN_IF_ERROR(CheckServerTls(tls));
  if (!tls.enabled()) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          tls.key_file, tls.cert_file, tls.client_ca_file, kCertificateRefreshSeconds));
  options.watch_identity_key_cert_pairs();
  if (tls.mutual()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  auto credentials = grpc::experimental::TlsServerCredentials(options);
  if (tls.mutual()) {
    credentials->SetAuthMetadataProcessor(std::make_shared<CallGate>(std::move(names)));
  }
  return credentials;
}

}  // namespace kvwire
