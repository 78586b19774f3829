#include "common/wire/endpoint.h"

#include <arpa/inet.h>

#include <charconv>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

bool ParsePort(std::string_view text, int& port) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, port);
  return result.ec == std::errc() && result.ptr == end && port >= 0 && port <= 65535;
}

absl::Status BadEndpoint(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(text),
                   "' is not HOST:PORT with a port from 0 to 65535 (an "
                   "IPv6 host is written in brackets, [::1]:7001)"));
}

}  // namespace

bool Endpoint::IsLoopback() const {
  in_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) == 1)
    return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost" || host == "::1";
}

bool Endpoint::IsWildcard() const { return host == "0.0.0.0" || host == "::" || host == "*"; }

std::string Endpoint::ToString() const {
  const bool brackets = host.find(':') != std::string::npos;
  return brackets ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  Endpoint endpoint;
  if (colon == std::string_view::npos || !ParsePort(text.substr(colon + 1), endpoint.port)) {
    return BadEndpoint(text);
  }
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("[]") != std::string_view::npos ||
      (host.find(':') != std::string_view::npos && !brackets)) {
    return BadEndpoint(text);
  }
  endpoint.host = std::string(host);
  return endpoint;
}

}  // namespace kvwire
