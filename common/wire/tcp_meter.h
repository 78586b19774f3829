#ifndef KVWIRE_COMMON_WIRE_TCP_METER_H_
#define KVWIRE_COMMON_WIRE_TCP_METER_H_

// The kernel's own count of the bytes of one TCP connection (Linux TCP_INFO). The
// socket belongs to gRPC; the meter finds it among this process's descriptors and
// keeps a duplicate, whose counters stay readable after gRPC has closed its own:
// gRPC shuts the socket down first, so the connection ends all the same. Works
// for plaintext and TLS, needs no privilege, and costs nothing while data flows.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

// One established TCP socket of this process.
struct OpenSocket {
  int descriptor = -1;
  uint64_t cookie = 0;  // the kernel's identity of the socket
  std::string peer;     // "ipv4:10.0.0.1:7003" or "ipv6:%5B::1%5D:7003", as gRPC writes it
  int peer_port = 0;
  int local_port = 0;
};

// All established TCP sockets of this process, v4-mapped addresses as IPv4.
std::vector<OpenSocket> ListOpenSockets();

class TcpMeter {
 public:
  TcpMeter() = default;  // meters nothing
  ~TcpMeter();
  TcpMeter(TcpMeter&& other) noexcept;
  TcpMeter& operator=(TcpMeter&& other) noexcept;

  // Meters the socket behind `descriptor`. Returns UNAVAILABLE if the descriptor is
  // no longer that socket or the kernel counts no bytes (before Linux 4.19).
  static absl::StatusOr<TcpMeter> Attach(const OpenSocket& socket);

  // Meters the connection accepted on `port` whose remote end is `peer`
  // (ServerContext::peer()): the peer alone may be that of two, for a port that a
  // host connects from may serve it for several ports that it connects to. Returns
  // UNAVAILABLE if there is none or more than one: then the byte count is not known,
  // and must not be guessed. A connection has one meter in all, so that however often its
  // remote end asks for one, it costs one descriptor. Thread-safe.
  static absl::StatusOr<std::shared_ptr<const TcpMeter>> AttachAccepted(std::string_view peer,
                                                                        int port);

  // Waits until the connection is closed in both directions, `limit` at most, and
  // returns its counts. `final` says whether it closed. A closed connection's
  // received bytes do not include the FIN, which the kernel counts as one.
  v1::TcpCount Count(absl::Duration limit) const;

  // As Count, of a connection that this process opened and closed having sent all it wrote:
  // the sent bytes are taken from the sequence. What the host's own queueing discipline drops
  // (a shaper's, say) never crosses the wire, but the kernel's counter has it as sent, and
  // not as sent again when it is.
  v1::TcpCount CountWhole(absl::Duration limit) const;

  // Whether the connection is there and neither end has closed it.
  bool Connected() const;

  // How many bytes the peer has acknowledged or sent: grows as long as anything moves.
  int64_t MovedBytes() const;

 private:
  static absl::StatusOr<std::shared_ptr<const TcpMeter>> Shared(const OpenSocket& socket);

  explicit TcpMeter(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_TCP_METER_H_
