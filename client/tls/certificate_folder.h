#ifndef KVWIRE_CLIENT_TLS_CERTIFICATE_FOLDER_H_
#define KVWIRE_CLIENT_TLS_CERTIFICATE_FOLDER_H_

// A folder with a test CA and the certificates of all parties of a run.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/tls/certificate_authority.h"
#include "common/wire/tls_files.h"

namespace kvwire {

// Files NAME.crt and NAME.key; the certificate names kvwire-NAME, NAME, and the hosts where
// the party is reached.
inline constexpr const char* kPartyNames[] = {"driver", "alice", "bob", "alice-algorithm",
                                              "bob-algorithm"};

struct CertificateFolderOptions {
  std::string folder;
  std::vector<std::string> hosts;
  Validity validity;
  Validity authority_validity;  // of a new CA
};

// Makes ca.crt and ca.key if they are not there, and new certificates for all parties.
// Each file is replaced in one step; keys can be read by their owner only. Returns the
// files written. Returns INVALID_ARGUMENT if the folder cannot be written or a host is no
// name.
absl::StatusOr<std::vector<std::string>> WriteCertificates(
    const CertificateFolderOptions& options);

// How a party of such a folder dials, and how it listens.
ClientTls ClientTlsOf(const std::string& folder, const std::string& name);
ServerTls ServerTlsOf(const std::string& folder, const std::string& name);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_TLS_CERTIFICATE_FOLDER_H_
