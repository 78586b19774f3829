#include "client/tls/tls_options.h"

namespace kvwire {

void AddTlsOptions(CLI::App& app, ClientTls& tls) {
  app.add_option("--cacert", tls.ca_file,
                 "dial by TLS, and only who shows a certificate that this CA signed");
  app.add_option("--cert", tls.cert_file, "certificate to show to services that ask for one");
  app.add_option("--key", tls.key_file, "its private key");
  app.add_option("--servername", tls.server_name,
                 "name on the services' certificates; absent: the host dialled");
}

}  // namespace kvwire
