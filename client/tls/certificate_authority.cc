#include "client/tls/certificate_authority.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr char kAuthorityName[] = "kvwire test CA";

absl::Status OpenSslError(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return absl::InternalError(
      absl::StrCat("OpenSSL cannot ", what, ": ", reason == nullptr ? "unknown" : reason));
}

absl::Status CheckName(const std::string& name) {
  const auto fits = [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
  };
  if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "'", name, "' is no name for a certificate: letters, digits and .-_: only"));
}

bool IsAddress(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string AlternativeNames(const CertificateSubject& subject) {
  std::vector<std::string> names = {absl::StrCat("DNS:", subject.name)};
  for (const std::string& host : subject.hosts) {
    names.push_back(absl::StrCat(IsAddress(host) ? "IP:" : "DNS:", host));
  }
  return absl::StrJoin(names, ",");
}

bool AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool SetSerialNumber(X509* certificate) {
  uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1;
}

// A certificate for `key` that says all but its extensions and signature.
Certificate Begin(EVP_PKEY* key, const std::string& name, const Validity& validity) {
  Certificate certificate(X509_new(), X509_free);
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  const bool good =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      SetSerialNumber(certificate.get()) && X509_set_pubkey(certificate.get(), key) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(validity.begin)) !=
          nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(validity.end)) !=
          nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1;
  return good ? std::move(certificate) : Certificate(nullptr, X509_free);
}

std::string Contents(BIO* memory) {
  char* bytes = nullptr;
  const int64_t size = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

absl::StatusOr<KeyedCertificate> ToPem(X509* certificate, EVP_PKEY* key) {
  const Memory first(BIO_new(BIO_s_mem()), BIO_free);
  const Memory second(BIO_new(BIO_s_mem()), BIO_free);
  if (PEM_write_bio_X509(first.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpenSslError("write PEM");
  }
  return KeyedCertificate{Contents(first.get()), Contents(second.get())};
}

}  // namespace

struct CertificateAuthority::Parts {
  Certificate certificate;
  Key key;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Parts> parts,
                                           KeyedCertificate saved)
    : parts_(std::move(parts)), saved_(std::move(saved)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept =
    default;
CertificateAuthority::~CertificateAuthority() = default;

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(const Validity& validity) {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key == nullptr) return OpenSslError("make a key");
  Certificate certificate = Begin(key.get(), kAuthorityName, validity);
  X509* const own = certificate.get();
  if (own == nullptr || X509_set_issuer_name(own, X509_get_subject_name(own)) != 1 ||
      !AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(own, own, NID_subject_key_identifier, "hash") ||
      X509_sign(own, key.get(), EVP_sha256()) == 0) {
    return OpenSslError("make an authority");
  }
  KVWIRE_ASSIGN_OR_RETURN(KeyedCertificate saved, ToPem(own, key.get()));
  return CertificateAuthority(
      std::make_unique<Parts>(Parts{std::move(certificate), std::move(key)}),
      std::move(saved));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(
    const KeyedCertificate& saved) {
  const auto open = [](const std::string& pem) {
    return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  };
  Certificate certificate(
      PEM_read_bio_X509(open(saved.certificate).get(), nullptr, nullptr, nullptr), X509_free);
  Key key(PEM_read_bio_PrivateKey(open(saved.key).get(), nullptr, nullptr, nullptr),
          EVP_PKEY_free);
  if (certificate == nullptr || key == nullptr ||
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("this is not an authority's certificate and its key");
  }
  return CertificateAuthority(
      std::make_unique<Parts>(Parts{std::move(certificate), std::move(key)}), saved);
}

absl::StatusOr<KeyedCertificate> CertificateAuthority::Issue(const CertificateSubject& subject,
                                                             const Validity& validity) const {
  KVWIRE_RETURN_IF_ERROR(CheckName(subject.name));
  for (const std::string& host : subject.hosts) KVWIRE_RETURN_IF_ERROR(CheckName(host));
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key == nullptr) return OpenSslError("make a key");
  const Certificate certificate = Begin(key.get(), subject.name, validity);
  X509* const own = certificate.get();
  X509* const issuer = parts_->certificate.get();
  if (own == nullptr || X509_set_issuer_name(own, X509_get_subject_name(issuer)) != 1 ||
      !AddExtension(own, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(own, issuer, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(own, issuer, NID_ext_key_usage, "serverAuth,clientAuth") ||
      !AddExtension(own, issuer, NID_subject_key_identifier, "hash") ||
      !AddExtension(own, issuer, NID_authority_key_identifier, "keyid") ||
      !AddExtension(own, issuer, NID_subject_alt_name, AlternativeNames(subject)) ||
      X509_sign(own, parts_->key.get(), EVP_sha256()) == 0) {
    return OpenSslError("make a certificate");
  }
  return ToPem(own, key.get());
}

}  // namespace kvwire
