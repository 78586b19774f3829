#ifndef KVWIRE_COMMON_WATERFALL_BYTE_COUNTS_H_
#define KVWIRE_COMMON_WATERFALL_BYTE_COUNTS_H_

// What each byte of a captured connection was for. Nothing here is a remainder: what is
// not understood is in no category and leaves the sum short of the kernel's count.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kvwire {

struct FrameCount {
  int64_t frames = 0;
  int64_t payload_bytes = 0;
};

struct ByteCategory {
  std::string_view name;  // as in the JSON
  int64_t bytes = 0;
};

// What TLS adds to what it carries.
struct TlsBytes {
  int64_t record_headers = 0;  // 5 bytes a record
  int64_t handshake = 0;       // messages that set up keys, session tickets too
  int64_t alerts = 0;          // the farewell is one
  int64_t protection = 0;      // tags, hidden content types and padding: 17 bytes a record
};

// The TCP payload of one direction, each byte once.
struct StreamBytes {
  TlsBytes tls;
  int64_t preface = 0;               // the client's 24 bytes
  std::map<int, FrameCount> frames;  // by type, RFC 9113, section 6
  // What the payloads of DATA frames are.
  int64_t data_padding = 0;
  int64_t grpc_prefixes = 0;       // 5 bytes a message
  int64_t protobuf = 0;            // messages without the snapshot in them
  int64_t snapshot_container = 0;  // headers and checksums
  int64_t snapshot_body = 0;
  int64_t other_data = 0;  // data of messages that is not one whole snapshot
  int64_t messages = 0;

  // All categories, empty ones too, always in the same order.
  std::vector<ByteCategory> Categories() const;
  // Their sum.
  int64_t Total() const;
};

// The packets of one direction, as the capture saw them: on loopback, and where the
// network card cuts segments, they are larger than those on a cable.
struct PacketCounts {
  int64_t packets = 0;
  int64_t acks = 0;  // those that carry nothing and neither open nor close
  int64_t ip_header_bytes = 0;
  int64_t tcp_header_bytes = 0;
  int64_t retransmitted_bytes = 0;  // payload whose sequence numbers were seen before
};

struct DirectionBytes {
  StreamBytes stream;
  PacketCounts packets;

  // All bytes of IP packets, headers included.
  int64_t IpBytes() const;
};

struct ConnectionBytes {
  uint64_t run_id = 0;  // what the message names; 0: no message came
  DirectionBytes to_bob;
  DirectionBytes to_alice;
};

// "DATA" and so on; "type 17" for those without a name.
std::string FrameName(int type);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_BYTE_COUNTS_H_
