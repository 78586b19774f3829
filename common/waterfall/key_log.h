#ifndef KVWIRE_COMMON_WATERFALL_KEY_LOG_H_
#define KVWIRE_COMMON_WATERFALL_KEY_LOG_H_

// The session keys of TLS connections, in the format that Wireshark reads
// (SSLKEYLOGFILE, RFC 9850): LABEL CLIENT_RANDOM SECRET, both in hexadecimal.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace kvwire {

class KeyLog {
 public:
  KeyLog() = default;

  // Lines end with CR, LF or both: gRPC 1.51 writes CR alone. Lines of other forms are
  // comments. Returns INVALID_ARGUMENT if the file cannot be read.
  static absl::StatusOr<KeyLog> Read(const std::string& path);
  static KeyLog Parse(std::string_view text);

  // The secret of the connection that began with these 32 random bytes; empty if it is not
  // there.
  std::string_view Find(std::string_view label, std::string_view client_random) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string, std::less<>> secrets_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_KEY_LOG_H_
