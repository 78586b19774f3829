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
  // In place of files NAME.crt and NAME.key a folder NAME for each party, that can be given
  // to it as a whole: ca.crt, tls.crt and tls.key, named as in a TLS secret of Kubernetes.
  bool party_folders = false;
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

// Returns INVALID_ARGUMENT, naming a file, unless every party has what WriteCertificates
// writes for it, and its key is its certificate's.
absl::Status CheckCertificates(const CertificateFolderOptions& options);

// How a party of such a folder, without party folders, dials, and how it listens.
ClientTls ClientTlsOf(const std::string& folder, const std::string& name);
ServerTls ServerTlsOf(const std::string& folder, const std::string& name);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_TLS_CERTIFICATE_FOLDER_H_
