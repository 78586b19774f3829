#ifndef KVWIRE_SERVER_ALICE_ALICE_RUN_H_
#define KVWIRE_SERVER_ALICE_ALICE_RUN_H_

// Alice at work: her bits become tokens, the tokens a memory, the memory a message.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/bit_vector.h"
#include "common/reduction/parameters.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/cancellation.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_security.h"
#include "kvwire/v1/alice.pb.h"

namespace kvwire {

struct AliceRun {
  uint64_t run_id = 0;
  PublicParameters parameters;
  Endpoint channel;
  ChannelSecurity channel_security;
  std::optional<int64_t> payload_bytes;
  absl::Duration connect_timeout;
  int64_t memory_limit_bytes = 0;
  int64_t chunk_bytes = 0;  // of a chunk on the channel; 0: 1 MiB and more
  bool resume = false;      // an earlier call may have sent some of the message
};

// How long connecting may take, as a request says it. Returns INVALID_ARGUMENT unless
// 0 < seconds <= 3600.
absl::StatusOr<absl::Duration> ConnectTimeoutOf(double seconds);

// Streams `bits` through the algorithm and its snapshot to Bob, piece by piece: no
// more than a few MiB of it are here at any time. Blocks. Errors as documented at
// AliceService.Speak.
absl::StatusOr<v1::SpeakResponse> RunAlice(const AlgorithmClient& algorithm,
                                           const AliceRun& run, const BitVector& bits,
                                           Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_RUN_H_
