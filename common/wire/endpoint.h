#ifndef KVWIRE_COMMON_WIRE_ENDPOINT_H_
#define KVWIRE_COMMON_WIRE_ENDPOINT_H_

// HOST:PORT. IPv6 hosts are written in brackets: [::1]:7001.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

struct Endpoint {
  std::string host;  // without brackets
  int port = 0;

  // 127.0.0.0/8, ::1 or localhost.
  bool IsLoopback() const;
  // 0.0.0.0, ::, or * : all interfaces.
  bool IsWildcard() const;
  std::string ToString() const;

  bool operator==(const Endpoint&) const = default;
};

// Returns INVALID_ARGUMENT unless `text` is HOST:PORT with 0 <= PORT <= 65535.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_ENDPOINT_H_
