#ifndef KVWIRE_COMMON_WATERFALL_CONNECTION_CENSUS_H_
#define KVWIRE_COMMON_WATERFALL_CONNECTION_CENSUS_H_

// Attributes the bytes of one connection, packet by packet.

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/waterfall/byte_census.h"
#include "common/waterfall/byte_counts.h"
#include "common/waterfall/key_log.h"
#include "common/waterfall/sequence_stream.h"
#include "common/waterfall/tcp_packet.h"
#include "common/waterfall/tls_tap.h"

namespace kvwire {

// Thread-compatible.
class ConnectionCensus {
 public:
  // `keys`, of TLS sessions, must outlive the census.
  explicit ConnectionCensus(const KeyLog& keys) : tls_(keys) {}

  // The next packet in the order of the capture. Errors are those of Finish.
  void Add(Sender sender, const TcpPacket& packet);

  // Returns the first error: DATA_LOSS if bytes are missing or are not gRPC over HTTP/2 or
  // TLS, FAILED_PRECONDITION if the first packet was not captured, or the connection is
  // encrypted and its keys are not there. Call once.
  absl::StatusOr<ConnectionBytes> Finish();

 private:
  struct Direction {
    SequenceStream stream;
    PacketCounts packets;
  };

  absl::Status Take(Sender sender, const TcpPacket& packet, Direction& direction);
  absl::Status TakeBytes(Sender sender, std::string_view bytes);

  absl::Status status_;
  Direction client_;
  Direction server_;
  std::optional<bool> encrypted_;  // once the client has said anything
  TlsTap tls_;
  ByteCensus census_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_CONNECTION_CENSUS_H_
