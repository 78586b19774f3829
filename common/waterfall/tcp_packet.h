#ifndef KVWIRE_COMMON_WATERFALL_TCP_PACKET_H_
#define KVWIRE_COMMON_WATERFALL_TCP_PACKET_H_

// One captured packet: who sent it to whom, and what it carries.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvwire {

struct TcpPacket {
  std::string source;  // the address, raw: 4 or 16 bytes
  std::string destination;
  int source_port = 0;
  int destination_port = 0;
  uint32_t sequence = 0;
  bool opens = false;         // SYN
  bool acknowledges = false;  // ACK; the first SYN is the only packet without
  bool ends = false;          // FIN
  bool resets = false;        // RST
  int64_t ip_header_bytes = 0;
  int64_t tcp_header_bytes = 0;
  std::string_view payload;  // in the bytes that were parsed
  // Whether all of the payload is there; captures may cut packets short.
  bool whole = true;
};

// Whether packets of this link type (libpcap's DLT_...) can be read: Ethernet and
// loopback, the "any" device, and bare IP.
bool KnownLinkType(int link_type);

// Reads the `bytes` captured of a packet that was `length` bytes long. Nothing if they
// are not TCP over IPv4 or IPv6. IPv6 extension headers are not followed: TCP that
// comes behind one is missed, which leaves a hole.
std::optional<TcpPacket> ParseTcpPacket(int link_type, std::string_view bytes, int64_t length);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_TCP_PACKET_H_
