#ifndef KVWIRE_COMMON_WIRE_CHANNELS_H_
#define KVWIRE_COMMON_WIRE_CHANNELS_H_

// Client channels: shared ones for control, and one of its own for each measured
// message.

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/cancellation.h"
#include "common/wire/endpoint.h"
#include "common/wire/tcp_meter.h"
#include "common/wire/transport_security.h"

namespace kvwire {

// Bounds on one message of any service: pieces are cut well below it.
inline constexpr int kMaxMessageBytes = 8 << 20;

// A channel for control calls; connects lazily and again when needed.
std::shared_ptr<grpc::Channel> ControlChannel(const Endpoint& endpoint,
                                              const ChannelSecurity& security = {});

// The same over a connection of its own, shared with no other channel.
std::shared_ptr<grpc::Channel> UnsharedChannel(const Endpoint& endpoint,
                                               const ChannelSecurity& security = {});

// Returns UNAVAILABLE, naming `what` and the endpoint, if `channel` is not
// connected within `timeout`, and why as far as gRPC says: a certificate refused, say; or
// CANCELLED if `cancellation`, where there is one, comes first.
absl::Status WaitConnected(grpc::Channel& channel, const Endpoint& endpoint,
                           absl::Duration timeout, std::string_view what,
                           Cancellation* cancellation = nullptr);

// A fresh connection that carries nothing but the calls made on `channel`, and the
// meter on its socket. gRPC compression and its header are off, and so are retries:
// a message is sent once.
struct MeasuredChannel {
  std::shared_ptr<grpc::Channel> channel;
  TcpMeter meter;
};

// Connects within `timeout`. Returns UNAVAILABLE, naming `what` and the endpoint, if the
// peer cannot be reached, or if its socket cannot be found, and CANCELLED if `cancellation`,
// where there is one, came first. Thread-safe; connects one at a time, for a new
// socket is known by not having been there before, but lets others pass while the peer does
// not answer.
absl::StatusOr<MeasuredChannel> ConnectMeasured(const Endpoint& endpoint,
                                                absl::Duration timeout, std::string_view what,
                                                const ChannelSecurity& security = {},
                                                Cancellation* cancellation = nullptr);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_CHANNELS_H_
