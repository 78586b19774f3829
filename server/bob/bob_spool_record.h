#ifndef KVWIRE_SERVER_BOB_BOB_SPOOL_RECORD_H_
#define KVWIRE_SERVER_BOB_BOB_SPOOL_RECORD_H_

// The records that a spool file consists of. A file is
//
//   OPENING ( CHUNK | CONNECTION | OWNER )*  [ FINISH ( CONNECTION | OWNER )* ]
//
// where each record is a header of 28 bytes, all numbers little-endian, and a body:
//
//   u32 kind            what the body is, as four letters
//   u32 body_bytes
//   i64 position        how many bytes of the message stand before this record
//   u32 message_bytes   size of the channel's message that brought it; 0: of none
//   u32 body_crc32c
//   u32 header_crc32c   of the 24 bytes before it
//
//   OPENING     u64 run_id, 16 bytes of digest, u8 has_payload, i64 payload_bytes, sender
//   CHUNK       the next bytes of the message
//   CONNECTION  a connection that carried some of them; see below
//   OWNER       the identity (peer_identity.h) that may ask about the message; at most one
//   FINISH      the message's SHA-256; position is its length
//
// Every bit of a file is under a CRC32C, so a record that was not written whole, or has
// changed since, is seen; it and what follows it do not count.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

inline constexpr int64_t kSpoolHeaderBytes = 28;
// Bounds a body before memory is taken for it.
inline constexpr int64_t kMaxSpoolBodyBytes = int64_t{8} << 20;

enum class SpoolKind : uint32_t {
  kOpening = 0x4e45504f,     // "OPEN"
  kChunk = 0x4b4e4843,       // "CHNK"
  kConnection = 0x4e4e4f43,  // "CONN"
  kOwner = 0x524e574f,       // "OWNR"
  kFinish = 0x484e4946,      // "FINH"
  kRepeat = 0x54415052,      // "RPAT": the end came once more, for its answer had been lost
};

struct SpoolHeader {
  SpoolKind kind = SpoolKind::kChunk;
  uint32_t body_bytes = 0;
  int64_t position = 0;
  uint32_t message_bytes = 0;
  uint32_t body_crc32c = 0;
};

// The 28 bytes of a header.
std::string EncodeSpoolHeader(const SpoolHeader& header);
// Returns DATA_LOSS if `bytes` are too few, fail their checksum, or hold an unknown kind or
// a body beyond the bound.
absl::StatusOr<SpoolHeader> DecodeSpoolHeader(std::string_view bytes);

// What the opening chunk of a message says, and who said it.
struct MessageOpening {
  uint64_t run_id = 0;
  std::string parameters_digest;  // 16 bytes
  std::optional<int64_t> payload_bytes;
  std::string sender;  // an identity (peer_identity.h): the message is this caller's alone

  bool operator==(const MessageOpening&) const = default;
};

std::string EncodeOpening(const MessageOpening& opening);
// Returns DATA_LOSS unless `body` is what EncodeOpening writes.
absl::StatusOr<MessageOpening> DecodeOpening(std::string_view body);

// One connection, as this end saw it. Recorded when it opens and again, with the counts,
// when it has ended; the later record holds.
struct SpooledConnection {
  uint32_t connection_id = 0;
  bool counted = false;  // false: the counts below are not known
  bool final = false;
  bool clean = false;  // it carried the end of the message
  int64_t sent_bytes = 0;
  int64_t received_bytes = 0;
  int64_t retransmitted_bytes = 0;

  bool operator==(const SpooledConnection&) const = default;
};

std::string EncodeConnection(const SpooledConnection& connection);
// Returns DATA_LOSS unless `body` is what EncodeConnection writes.
absl::StatusOr<SpooledConnection> DecodeConnection(std::string_view body);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_SPOOL_RECORD_H_
