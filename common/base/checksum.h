#ifndef KVWIRE_COMMON_BASE_CHECKSUM_H_
#define KVWIRE_COMMON_BASE_CHECKSUM_H_

// CRC32C (Castagnoli; ISA-L) for pieces, SHA-256 (OpenSSL) for wholes.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kvwire {

// Returns the CRC32C of `bytes`. Pass an earlier result as `crc` to continue it:
// Crc32c(b, Crc32c(a)) == Crc32c(ab). Crc32c("123456789") == 0xe3069283.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

inline constexpr size_t kSha256Bytes = 32;

// Incremental SHA-256 (FIPS 180-4). Movable, not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);
  // Returns the 32 raw bytes of the digest; the object is spent afterwards.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// The 32 raw digest bytes of `bytes`.
std::string Sha256Of(std::string_view bytes);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_CHECKSUM_H_
