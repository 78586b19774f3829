#ifndef KVWIRE_CLIENT_GENERATION_RUN_H_
#define KVWIRE_CLIENT_GENERATION_RUN_H_

// One split generation over the services, and the same generation in one piece.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "common/var/relative_error.h"
#include "common/wire/generation.h"

namespace kvwire {

struct GenerationRequest {
  Generation generation;           // as GenerationFromProto returns it
  Matrix x_init;                   // [1, d], Alice's alone
  int64_t memory_limit_bytes = 0;  // of the algorithms; 0: their own
};

struct GenerationResult {
  uint64_t run_id = 0;
  Generation generation;
  Matrix last_map;  // Z_N [n^2, d], Bob's
  // The books of both ends; the message is the map handed over and the snapshot.
  v1::ChannelLedger alice;
  v1::ChannelLedger bob;
  std::string alice_sha256;  // raw
  std::string bob_sha256;
  int64_t token_map_bytes = 0;  // of that map, n^2 d 4
  int64_t state_bits = 0;
  int64_t section_count = 1;
  uint64_t alice_process_id = 0;
  uint64_t bob_process_id = 0;
  double alice_seconds = 0;
  double transfer_seconds = 0;
  double bob_seconds = 0;

  int64_t snapshot_bytes() const { return alice.snapshot_bytes() - token_map_bytes; }
  int64_t wire_bytes() const { return RunResult::SentBytes(alice); }
};

// Alice generates her scales and sends her last map and her cache, Bob those that are left.
// Errors are the services', and INTERNAL on books or a map that cannot be.
absl::StatusOr<GenerationResult> RunGeneration(Driver& driver,
                                               const GenerationRequest& request);

// Z_N generated here, in one piece and over the exact cache. The same products in the
// same shapes as over the services, so that an exact split can be compared bit for bit.
// Errors as MakeTransformer, and INVALID_ARGUMENT if numbers outgrow float32.
absl::StatusOr<Matrix> GenerateWhole(const GenerationRequest& request,
                                     const std::optional<ModelWeights>& model);

// One sentence a fault of the books: ends that disagree, one algorithm process for both
// (unless allowed), a snapshot that its claim does not explain.
std::vector<std::string> JudgeGeneration(const GenerationResult& result,
                                         bool allow_shared_algorithm);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_GENERATION_RUN_H_
