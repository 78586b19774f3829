#ifndef KVWIRE_CLIENT_TLS_OWN_CERTIFICATES_H_
#define KVWIRE_CLIENT_TLS_OWN_CERTIFICATES_H_

// Certificates for the services of one command, in a folder that goes away with this.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/wire/tls_files.h"

namespace kvwire {

// Movable.
class OwnCertificates {
 public:
  // Makes them, for loopback. Returns UNKNOWN if there is no room for temporary files.
  static absl::StatusOr<OwnCertificates> Create();

  // The flags with which the service `name` of kPartyNames listens, and with which it dials.
  std::vector<std::string> ListenFlags(const std::string& name) const;
  std::vector<std::string> DialFlags() const;

  ClientTls driver() const;
  // Where Alice writes the session keys of her connection to Bob.
  std::string key_log() const;

 private:
  struct Folder;
  explicit OwnCertificates(std::unique_ptr<Folder, void (*)(Folder*)> folder);

  std::unique_ptr<Folder, void (*)(Folder*)> folder_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_TLS_OWN_CERTIFICATES_H_
