#ifndef KVWIRE_SERVER_ALICE_ALICE_TRANSFER_H_
#define KVWIRE_SERVER_ALICE_ALICE_TRANSFER_H_

// One message to Bob, over as many connections as it takes: where one breaks, the next one
// goes on at what he has committed. Nothing is kept to be sent again: the message is made
// anew, and what Bob has is skipped.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "common/wire/cancellation.h"
#include "common/wire/channels.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_security.h"
#include "kvwire/v1/channel.pb.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

struct TransferOptions {
  Endpoint channel;
  ChannelSecurity security;
  uint64_t run_id = 0;
  std::string parameters_digest;
  std::optional<int64_t> payload_bytes;
  // How long Bob may take to be reached, and to take a byte.
  absl::Duration patience;
  // Bytes of a chunk; 0: as MessageSender::ChunkBytesAt.
  int64_t chunk_bytes = 0;
  // Whether an earlier call may have sent some of it.
  bool resume = false;
};

struct Transfer {
  v1::ChannelLedger ledger;
  std::string sha256;  // of the message
};

// Hands the whole message to its argument, piece by piece. Called once a connection; the
// bytes must be the same each time.
using MessageSource =
    absl::FunctionRef<absl::Status(absl::FunctionRef<absl::Status(absl::Cord)>)>;

// Sends the message, over `first` to begin with. Gives up when nothing more was committed
// over kFruitlessConnections in a row, when Bob cannot be reached in time, or on an error
// that another connection does not mend; the books are then a payload of the status
// (ledger_payload.h). Errors are those of OneWayChannelService.Send, and those of `source`.
inline constexpr int kFruitlessConnections = 6;
absl::StatusOr<Transfer> TransferMessage(MeasuredChannel first, const TransferOptions& options,
                                         MessageSource source, Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_TRANSFER_H_
