#include "common/wire/transport_security.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/base/status_macros.h"

namespace kvwire {

ChannelSecurity::ChannelSecurity() : credentials_(grpc::InsecureChannelCredentials()) {}

absl::StatusOr<ChannelSecurity> ChannelSecurity::Create(const ClientTls& tls) {
  KVWIRE_RETURN_IF_ERROR(CheckClientTls(tls));
  ChannelSecurity security;
  if (!tls.enabled()) return security;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          tls.key_file, tls.cert_file, tls.ca_file, kCertificateRefreshSeconds));
  options.watch_root_certs();
  if (!tls.cert_file.empty()) options.watch_identity_key_cert_pairs();
  if (!tls.key_log_file.empty()) options.set_tls_session_key_log_file_path(tls.key_log_file);
  security.encrypted_ = true;
  security.server_name_ = tls.server_name;
  security.credentials_ = grpc::experimental::TlsCredentials(options);
  return security;
}

}  // namespace kvwire
