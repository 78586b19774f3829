#ifndef KVWIRE_COMMON_WATERFALL_TLS_RECORD_KEY_H_
#define KVWIRE_COMMON_WATERFALL_TLS_RECORD_KEY_H_

// The key under which one end of a TLS 1.3 connection protects its records (RFC 8446,
// sections 5 and 7.3). The cryptography is OpenSSL's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

inline constexpr size_t kTlsHeaderBytes = 5;
inline constexpr size_t kTlsTagBytes = 16;

class TlsRecordKey {
 public:
  // Of a traffic secret. Returns INVALID_ARGUMENT on a cipher suite that TLS 1.3 does not
  // have, or a secret of another length than the suite's hash.
  static absl::StatusOr<TlsRecordKey> Derive(uint16_t cipher_suite, std::string_view secret);

  // Opens the next record: its header, and the protected rest. Returns what was protected,
  // with content type and padding behind it; nothing if the record is not the next one
  // under this key, which then stays as it is.
  std::optional<std::string> Open(std::string_view header, std::string_view sealed);

 private:
  TlsRecordKey(uint16_t cipher_suite, std::string key, std::string vector)
      : cipher_suite_(cipher_suite), key_(std::move(key)), vector_(std::move(vector)) {}

  uint16_t cipher_suite_;
  std::string key_;
  std::string vector_;
  uint64_t sequence_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_TLS_RECORD_KEY_H_
