#ifndef KVWIRE_CLIENT_TLS_CERTIFICATE_AUTHORITY_H_
#define KVWIRE_CLIENT_TLS_CERTIFICATE_AUTHORITY_H_

// A certificate authority for demos and tests. Its key lies beside its certificate, so it
// proves nothing about who may read that folder.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kvwire {

// Both in PEM.
struct KeyedCertificate {
  std::string certificate;
  std::string key;  // EC P-256, without a password
};

struct CertificateSubject {
  std::string name;                // common name, and the first subject alternative name
  std::vector<std::string> hosts;  // further ones: DNS names and IP addresses
};

struct Validity {
  absl::Time begin;
  absl::Time end;
};

// Movable. Thread-compatible.
class CertificateAuthority {
 public:
  // A new one, whose certificate holds during `validity`. Returns INTERNAL if OpenSSL fails.
  static absl::StatusOr<CertificateAuthority> Create(const Validity& validity);
  // One that was made before. Returns INVALID_ARGUMENT unless `saved` is a certificate and
  // its key.
  static absl::StatusOr<CertificateAuthority> Load(const KeyedCertificate& saved);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  const KeyedCertificate& saved() const { return saved_; }

  // A new key and its certificate, for servers and clients. Returns INVALID_ARGUMENT on a
  // name or host of other than letters, digits and .-_: characters.
  absl::StatusOr<KeyedCertificate> Issue(const CertificateSubject& subject,
                                         const Validity& validity) const;

 private:
  struct Parts;
  CertificateAuthority(std::unique_ptr<Parts> parts, KeyedCertificate saved);

  std::unique_ptr<Parts> parts_;
  KeyedCertificate saved_;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_TLS_CERTIFICATE_AUTHORITY_H_
