#ifndef KVWIRE_SERVER_BOB_BOB_RESTORE_H_
#define KVWIRE_SERVER_BOB_BOB_RESTORE_H_

// From a sealed message to a session of Bob's algorithm.

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "server/bob/bob_message.h"

namespace kvwire {

// How long reaching the algorithm process may take.
inline constexpr absl::Duration kAlgorithmConnectTime = absl::Seconds(10);

// Opens a fresh session from the snapshot that begins at `offset` of the message. Errors
// as AlgorithmClient::Restore.
absl::StatusOr<std::unique_ptr<AlgorithmSession>> RestoreSession(
    const AlgorithmClient& algorithm, const ReceivedMessage& message, int64_t offset,
    const v1::OpenRequest& open, Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_RESTORE_H_
