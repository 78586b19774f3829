#ifndef KVWIRE_TESTS_WATERFALL_CONVERSATION_H_
#define KVWIRE_TESTS_WATERFALL_CONVERSATION_H_

// A connection to Bob's channel, its bytes written by hand from RFC 9113 and RFC 7541.

#include <cstdint>
#include <string>
#include <string_view>

#include "kvwire/v1/channel.pb.h"

namespace kvwire {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::string_view kChannelPath = "/kvwire.v1.OneWayChannelService/Send";
inline constexpr uint64_t kRun = 0x0123456789abcdef;

// `size` bytes, big-endian.
inline std::string BigEndian(uint64_t value, int size) {
  std::string bytes(size, '\0');
  for (int k = size - 1; k >= 0; --k, value >>= 8) bytes[k] = static_cast<char>(value);
  return bytes;
}

inline std::string Frame(int type, int flags, int stream, const std::string& payload) {
  return BigEndian(payload.size(), 3) + BigEndian(type, 1) + BigEndian(flags, 1) +
         BigEndian(stream, 4) + payload;
}

// A header field that is never indexed.
inline std::string Literal(std::string_view name, std::string_view value) {
  return std::string("\x10", 1) + BigEndian(name.size(), 1) + std::string(name) +
         BigEndian(value.size(), 1) + std::string(value);
}

inline std::string RequestHeaders(std::string_view path) {
  return Literal(":method", "POST") + Literal(":scheme", "http") + Literal(":path", path) +
         Literal(":authority", "bob");
}

inline std::string GrpcMessage(const std::string& message) {
  return BigEndian(0, 1) + BigEndian(message.size(), 4) + message;
}

// A chunk that carries `data`.
inline std::string Chunk(const std::string& data) {
  v1::SendRequest request;
  request.set_run_id(kRun);
  request.set_data(data);
  return request.SerializeAsString();
}

inline const std::string& EmptySettings() {
  static const std::string frame = Frame(4, 0, 0, "");
  return frame;
}

inline const std::string& SettingsAck() {
  static const std::string frame = Frame(4, 1, 0, "");
  return frame;
}

// What opens the client's side: preface, settings and the request.
inline std::string ClientOpening(std::string_view path = kChannelPath) {
  return std::string(kPreface) + EmptySettings() + Frame(1, 4, 1, RequestHeaders(path));
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_WATERFALL_CONVERSATION_H_
