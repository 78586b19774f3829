#include "common/waterfall/tcp_packet.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <pcap/dlt.h>

#include <algorithm>
#include <cstring>

namespace kvwire {
namespace {

constexpr int64_t kTcpWord = 4;

// Bytes of the link's own header; -1: not known.
int64_t LinkHeaderBytes(int link_type) {
  switch (link_type) {
    case DLT_RAW:
      return 0;
    case DLT_EN10MB:
      return 14;
    case DLT_LINUX_SLL:
      return 16;
    case DLT_LINUX_SLL2:
      return 20;
    default:
      return -1;
  }
}

// Copies a header from the front of `bytes`, which may not be aligned for it.
template <typename Header>
bool ReadHeader(std::string_view bytes, Header& header) {
  if (bytes.size() < sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return true;
}

template <typename Address>
std::string Raw(const Address& address) {
  return {reinterpret_cast<const char*>(&address), sizeof(address)};
}

// Fills in addresses and the header's length, and returns the length of what follows it;
// -1 if it is not TCP in one piece. `length` is what the link carried, padding included.
int64_t ReadIpv4(std::string_view bytes, int64_t length, TcpPacket& packet) {
  ip header;
  if (!ReadHeader(bytes, header) || header.ip_p != IPPROTO_TCP) return -1;
  if ((ntohs(header.ip_off) & (IP_MF | IP_OFFMASK)) != 0) return -1;
  packet.source = Raw(header.ip_src);
  packet.destination = Raw(header.ip_dst);
  packet.ip_header_bytes = kTcpWord * header.ip_hl;
  if (packet.ip_header_bytes < static_cast<int64_t>(sizeof(header))) return -1;
  // Packets too large for the field, which no cable ever sees, say 0.
  const int64_t total = ntohs(header.ip_len);
  return (total == 0 ? length : total) - packet.ip_header_bytes;
}

int64_t ReadIpv6(std::string_view bytes, int64_t length, TcpPacket& packet) {
  ip6_hdr header;
  if (!ReadHeader(bytes, header) || header.ip6_nxt != IPPROTO_TCP) return -1;
  packet.source = Raw(header.ip6_src);
  packet.destination = Raw(header.ip6_dst);
  packet.ip_header_bytes = sizeof(header);
  const int64_t rest = ntohs(header.ip6_plen);
  return rest == 0 ? length - packet.ip_header_bytes : rest;
}

}  // namespace

bool KnownLinkType(int link_type) { return LinkHeaderBytes(link_type) >= 0; }

std::optional<TcpPacket> ParseTcpPacket(int link_type, std::string_view bytes,
                                        int64_t length) {
  const int64_t link_bytes = LinkHeaderBytes(link_type);
  if (link_bytes < 0 || static_cast<int64_t>(bytes.size()) <= link_bytes) return std::nullopt;
  bytes.remove_prefix(link_bytes);
  TcpPacket packet;
  const int version = static_cast<unsigned char>(bytes.front()) >> 4;
  int64_t left = -1;
  if (version == 4) left = ReadIpv4(bytes, length - link_bytes, packet);
  if (version == 6) left = ReadIpv6(bytes, length - link_bytes, packet);
  if (left < 0 || static_cast<int64_t>(bytes.size()) < packet.ip_header_bytes) {
    return std::nullopt;
  }
  bytes.remove_prefix(packet.ip_header_bytes);
  tcphdr header;
  if (!ReadHeader(bytes, header)) return std::nullopt;
  packet.source_port = ntohs(header.source);
  packet.destination_port = ntohs(header.dest);
  packet.sequence = ntohl(header.seq);
  packet.opens = header.syn;
  packet.acknowledges = header.ack;
  packet.ends = header.fin;
  packet.resets = header.rst;
  packet.tcp_header_bytes = kTcpWord * header.doff;
  const int64_t payload_bytes = left - packet.tcp_header_bytes;
  if (packet.tcp_header_bytes < static_cast<int64_t>(sizeof(header)) || payload_bytes < 0) {
    return std::nullopt;
  }
  const auto captured = static_cast<int64_t>(bytes.size());
  packet.whole = captured >= packet.tcp_header_bytes + payload_bytes;
  bytes.remove_prefix(std::min(captured, packet.tcp_header_bytes));
  packet.payload = bytes.substr(0, payload_bytes);
  return packet;
}

}  // namespace kvwire
