#ifndef KVWIRE_SERVER_ALICE_ALICE_GENERATION_H_
#define KVWIRE_SERVER_ALICE_ALICE_GENERATION_H_

// Alice's part of a split generation: every token map but Bob's.

#include <optional>

#include "absl/status/statusor.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "common/wire/generation.h"
#include "kvwire/v1/alice.pb.h"

namespace kvwire {

// Generates the scales that are hers through the algorithm and sends Bob the last of their
// maps, or X_init if there are none, and the algorithm's snapshot. Blocks. Errors as
// documented at AliceService.Generate.
absl::StatusOr<v1::GenerateResponse> GenerateAndSend(const AlgorithmClient& algorithm,
                                                     const ChannelSecurity& channel_security,
                                                     const std::optional<ModelWeights>& model,
                                                     const v1::GenerateRequest& request,
                                                     int64_t chunk_bytes,
                                                     Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_GENERATION_H_
