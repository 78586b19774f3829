#include "common/base/checksum.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace kvwire {

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  // ISA-L leaves out the inversions at both ends that the standard CRC32C has.
  uint32_t state = ~crc;
  while (!bytes.empty()) {
    // Its length is an int, and its pointer is not const though only read.
    const size_t count = std::min<size_t>(bytes.size(), INT_MAX);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(count), state);
    bytes.remove_prefix(count);
  }
  return ~state;
}

struct Sha256::Context {
  EVP_MD_CTX* evp;
  Context() : evp(EVP_MD_CTX_new()) {}
  ~Context() { EVP_MD_CTX_free(evp); }
};

namespace {

// OpenSSL's digests fail only without memory or without a provider: there is no
// sensible way on, and a wrong digest must never be returned.
void Require(bool done) {
  if (!done) std::abort();
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  Require(context_->evp != nullptr);
  Require(EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::Finish() {
  std::string digest(32, '\0');
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.data()),
                             &size) == 1);
  Require(size == digest.size());
  return digest;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

}  // namespace kvwire
