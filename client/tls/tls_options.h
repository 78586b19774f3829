#ifndef KVWIRE_CLIENT_TLS_TLS_OPTIONS_H_
#define KVWIRE_CLIENT_TLS_TLS_OPTIONS_H_

#include <CLI/CLI.hpp>

#include "common/wire/tls_files.h"

namespace kvwire {

// Declares --cacert, --cert, --key and --servername, for dialling running services.
void AddTlsOptions(CLI::App& app, ClientTls& tls);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_TLS_TLS_OPTIONS_H_
