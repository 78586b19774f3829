#include "common/wire/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

using File = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Keys that ask for a password are refused, not waited for at a terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

absl::Status Bad(const std::string& flag, const std::string& path, const std::string& fault) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(flag, " ", path, " ", fault));
}

absl::StatusOr<Certificate> ReadCertificate(const std::string& flag, const std::string& path) {
  const File file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (file == nullptr) return Bad(flag, path, "cannot be read");
  Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, NoPassword, nullptr),
                          X509_free);
  if (certificate == nullptr) return Bad(flag, path, "holds no certificate in PEM");
  return certificate;
}

absl::StatusOr<Key> ReadKey(const std::string& flag, const std::string& path) {
  const File file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (file == nullptr) return Bad(flag, path, "cannot be read");
  Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  if (key == nullptr) return Bad(flag, path, "holds no private key in PEM without a password");
  return key;
}

struct PairFlags {
  std::string cert;
  std::string key;
};

absl::Status CheckPair(const PairFlags& flags, const std::string& cert_file,
                       const std::string& key_file) {
  if (cert_file.empty() != key_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.cert, " and ", flags.key, " go together: give both or neither"));
  }
  if (cert_file.empty()) return absl::OkStatus();
  KVWIRE_ASSIGN_OR_RETURN(const Certificate certificate,
                          ReadCertificate(flags.cert, cert_file));
  KVWIRE_ASSIGN_OR_RETURN(const Key key, ReadKey(flags.key, key_file));
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return absl::OkStatus();
  return Bad(flags.key, key_file,
             absl::StrCat("is not the key of the certificate ", cert_file));
}

}  // namespace

absl::Status CheckClientTls(const ClientTls& tls) {
  if (!tls.enabled()) {
    if (tls.cert_file.empty() && tls.key_file.empty() && tls.server_name.empty() &&
        tls.key_log_file.empty()) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        "--cert, --key, --servername and --tls-key-log need --cacert, which says whose "
        "signature on the peer's certificate counts");
  }
  KVWIRE_RETURN_IF_ERROR(ReadCertificate("--cacert", tls.ca_file).status());
  return CheckPair({.cert = "--cert", .key = "--key"}, tls.cert_file, tls.key_file);
}

absl::Status CheckServerTls(const ServerTls& tls) {
  KVWIRE_RETURN_IF_ERROR(
      CheckPair({.cert = "--tls-cert", .key = "--tls-key"}, tls.cert_file, tls.key_file));
  if (!tls.mutual()) return absl::OkStatus();
  if (!tls.enabled()) {
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key");
  }
  return ReadCertificate("--tls-client-ca", tls.client_ca_file).status();
}

}  // namespace kvwire
