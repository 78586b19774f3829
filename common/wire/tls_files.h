#ifndef KVWIRE_COMMON_WIRE_TLS_FILES_H_
#define KVWIRE_COMMON_WIRE_TLS_FILES_H_

// TLS as flags name it: files in PEM. gRPC waits without a word for files that it cannot
// use, so they are checked before it sees them.

#include <string>

#include "absl/status/status.h"

namespace kvwire {

// What who dials needs.
struct ClientTls {
  std::string ca_file;    // who may have signed the peer's certificate; empty: no TLS
  std::string cert_file;  // own chain, for peers that ask who is calling
  std::string key_file;
  std::string server_name;   // what the peer's certificate must name; empty: the host dialled
  std::string key_log_file;  // where session keys are written, for Wireshark; empty: nowhere

  bool enabled() const { return !ca_file.empty(); }
};

// What who listens needs.
struct ServerTls {
  std::string cert_file;  // empty: no TLS
  std::string key_file;
  std::string client_ca_file;  // who may have signed callers' certificates; empty: none asked

  bool enabled() const { return !cert_file.empty(); }
  bool mutual() const { return !client_ca_file.empty(); }
};

// Return INVALID_ARGUMENT, naming flag and file, if flags are missing that go together, a
// file cannot be read or holds no PEM of its kind, or the key is not the certificate's.
// Whether a certificate is still valid is for the peer to say.
absl::Status CheckClientTls(const ClientTls& tls);
absl::Status CheckServerTls(const ServerTls& tls);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_TLS_FILES_H_
