#ifndef KVWIRE_SERVER_BOB_BOB_GENERATION_H_
#define KVWIRE_SERVER_BOB_BOB_GENERATION_H_

// Bob's part of a split generation: the last token maps.

#include <optional>

#include "absl/status/statusor.h"
#include "common/base/matrix.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "common/wire/generation.h"
#include "server/bob/bob_message.h"

namespace kvwire {

struct GeneratedMap {
  Matrix tokens;  // Z_N [n^2, d]
  uint64_t process_id = 0;
};

// Restores the algorithm from the message and generates the scales that are his, N the
// last of them. Blocks. Errors as
// documented at BobService.GenerateLast.
absl::StatusOr<GeneratedMap> GenerateLastMap(const AlgorithmClient& algorithm,
                                             const ReceivedMessage& message,
                                             const Generation& generation,
                                             const std::optional<ModelWeights>& model,
                                             int64_t memory_limit_bytes,
                                             Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_GENERATION_H_
