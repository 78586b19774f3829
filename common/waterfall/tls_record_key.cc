#include "common/waterfall/tls_record_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr size_t kVectorBytes = 12;

struct Suite {
  uint16_t number;
  const char* digest;
  size_t digest_bytes;
  const EVP_CIPHER* (*cipher)();
  size_t key_bytes;
};

constexpr Suite kSuites[] = {{0x1301, "SHA256", 32, EVP_aes_128_gcm, 16},
                             {0x1302, "SHA384", 48, EVP_aes_256_gcm, 32},
                             {0x1303, "SHA256", 32, EVP_chacha20_poly1305, 32}};

const Suite* FindSuite(uint16_t number) {
  for (const Suite& suite : kSuites) {
    if (suite.number == number) return &suite;
  }
  return nullptr;
}

unsigned char* Bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// HKDF-Expand-Label(secret, label, "", size).
absl::StatusOr<std::string> Expand(const Suite& suite, std::string_view secret,
                                   std::string_view label, size_t size) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> method(
      EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(method.get()), EVP_KDF_CTX_free);
  const auto octets = [](const char* name, std::string_view value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()),
                                             value.size());
  };
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(suite.digest),
                                       0),
      octets(OSSL_KDF_PARAM_KEY, secret),
      octets(OSSL_KDF_PARAM_PREFIX, "tls13 "),
      octets(OSSL_KDF_PARAM_LABEL, label),
      OSSL_PARAM_construct_end()};
  std::string key(size, '\0');
  if (context == nullptr ||
      EVP_KDF_derive(context.get(), Bytes(key), key.size(), parameters) != 1) {
    return absl::InternalError("OpenSSL cannot derive the keys of a TLS record");
  }
  return key;
}

}  // namespace

absl::StatusOr<TlsRecordKey> TlsRecordKey::Derive(uint16_t cipher_suite,
                                                  std::string_view secret) {
  const Suite* const suite = FindSuite(cipher_suite);
  if (suite == nullptr || secret.size() != suite->digest_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a secret of ", secret.size(), " bytes is none of cipher suite ",
                     absl::Hex(cipher_suite, absl::kZeroPad4), " of TLS 1.3"));
  }
  KVWIRE_ASSIGN_OR_RETURN(std::string key, Expand(*suite, secret, "key", suite->key_bytes));
  KVWIRE_ASSIGN_OR_RETURN(std::string vector, Expand(*suite, secret, "iv", kVectorBytes));
  return TlsRecordKey(cipher_suite, std::move(key), std::move(vector));
}

std::optional<std::string> TlsRecordKey::Open(std::string_view header,
                                              std::string_view sealed) {
  if (sealed.size() < kTlsTagBytes) return std::nullopt;
  std::string nonce = vector_;
  for (size_t k = 0; k < sizeof(sequence_); ++k) {
    nonce[kVectorBytes - 1 - k] ^= static_cast<char>(sequence_ >> (8 * k));
  }
  const size_t size = sealed.size() - kTlsTagBytes;
  std::string tag(sealed.substr(size));
  std::string opened(size, '\0');
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  const bool good = EVP_DecryptInit_ex(context.get(), FindSuite(cipher_suite_)->cipher(),
                                       nullptr, Bytes(key_), Bytes(nonce)) == 1 &&
                    EVP_DecryptUpdate(context.get(), nullptr, &written, Bytes(header),
                                      static_cast<int>(header.size())) == 1 &&
                    EVP_DecryptUpdate(context.get(), Bytes(opened), &written, Bytes(sealed),
                                      static_cast<int>(size)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTlsTagBytes,
                                        tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), Bytes(opened) + size, &written) == 1;
  if (!good) return std::nullopt;
  ++sequence_;
  return opened;
}

}  // namespace kvwire
