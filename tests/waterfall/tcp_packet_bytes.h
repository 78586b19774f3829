#ifndef KVWIRE_TESTS_WATERFALL_TCP_PACKET_BYTES_H_
#define KVWIRE_TESTS_WATERFALL_TCP_PACKET_BYTES_H_

// Packets written by hand from RFC 791, 8200 and 9293; checksums are left at zero.

#include <string>

#include "tests/waterfall/conversation.h"

namespace kvwire {

inline constexpr int kFin = 1;
inline constexpr int kSyn = 2;
inline constexpr int kRst = 4;
inline constexpr int kAck = 16;

inline const std::string kAliceAddress("\x0a\x00\x00\x01", 4);
inline const std::string kBobAddress("\x0a\x00\x00\x02", 4);

// A TCP segment with `options` bytes of options.
inline std::string Segment(int from, int to, uint32_t sequence, int flags,
                           const std::string& payload, int options = 0) {
  return BigEndian(from, 2) + BigEndian(to, 2) + BigEndian(sequence, 4) + BigEndian(0, 4) +
         BigEndian((5 + options / 4) << 4, 1) + BigEndian(flags, 1) + BigEndian(0, 6) +
         std::string(options, '\1') + payload;
}

inline std::string Ipv4(const std::string& from, const std::string& to,
                        const std::string& segment, int protocol = 6, int fragment = 0) {
  return BigEndian(0x45, 1) + BigEndian(0, 1) + BigEndian(20 + segment.size(), 2) +
         BigEndian(0, 2) + BigEndian(fragment, 2) + BigEndian(64, 1) + BigEndian(protocol, 1) +
         BigEndian(0, 2) + from + to + segment;
}

inline std::string Ipv6(const std::string& from, const std::string& to,
                        const std::string& segment) {
  return BigEndian(0x60000000, 4) + BigEndian(segment.size(), 2) + BigEndian(6, 1) +
         BigEndian(64, 1) + from + to + segment;
}

inline std::string Ethernet(const std::string& packet) {
  return std::string(14, 'e') + packet;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_WATERFALL_TCP_PACKET_BYTES_H_
