#ifndef KVWIRE_COMMON_WIRE_MEASURED_RESTORE_H_
#define KVWIRE_COMMON_WIRE_MEASURED_RESTORE_H_

// A snapshot that an algorithm process takes up over a connection of its own, so that
// the kernel's count of that connection is what the snapshot costs on the wire.

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/algorithm_client.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

struct MeasuredRestore {
  // Of the client, whose own connection its later calls use.
  std::unique_ptr<AlgorithmSession> session;
  // This end's count of the connection that carried the snapshot and nothing else: the
  // opening, HTTP/2 and gRPC included.
  v1::TcpCount connection;
  // From the first byte of the call to the server's answer; connecting is not in it.
  absl::Duration duration;
};

// Restores `snapshot` at the client's process. Connecting may take `timeout`. Errors are
// those of ConnectMeasured and AlgorithmService.Restore, and INTERNAL if the connection
// is not seen to close within 10 s: its count could be short.
absl::StatusOr<MeasuredRestore> RestoreMeasured(const AlgorithmClient& client,
                                                const v1::OpenRequest& open,
                                                std::string_view snapshot,
                                                absl::Duration timeout,
                                                Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_MEASURED_RESTORE_H_
