#ifndef KVWIRE_COMMON_WIRE_STATUS_CONVERSION_H_
#define KVWIRE_COMMON_WIRE_STATUS_CONVERSION_H_

// absl::Status and grpc::Status share their canonical codes by number.

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

namespace kvwire {

// The payload of a status that crosses a call as its details.
inline constexpr char kDetailsUrl[] = "kvwire/details";

absl::Status FromGrpc(const grpc::Status& status);
// Messages are cut to 1 KiB, and details of more than 4 KiB are left out: they travel in
// HTTP/2 trailers.
grpc::Status ToGrpc(const absl::Status& status);

// How a call to `peer` ended, which is named before the message. A call that reaches a server
// of gRPC's just when it shuts down is answered CANCELLED, or UNIMPLEMENTED without a message
// if its request did not arrive whole; what the server's idle timeout cuts off is CANCELLED,
// too. Unless it was this end that cancelled it, that is UNAVAILABLE.
absl::Status FromPeer(const grpc::Status& status, std::string_view peer,
                      bool cancelled_here = false);

// The same status, with its payloads, and with "`context`: " before its message.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_STATUS_CONVERSION_H_
