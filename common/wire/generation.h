#ifndef KVWIRE_COMMON_WIRE_GENERATION_H_
#define KVWIRE_COMMON_WIRE_GENERATION_H_

// A split generation as both sides know it, and a VAR transformer whose KV cache is a
// session of an algorithm process.

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/var/var_transformer.h"
#include "common/wire/algorithm_client.h"
#include "kvwire/v1/generation.pb.h"

namespace kvwire {

struct Generation {
  VarOptions options;  // `scale` is set
  int64_t dims = 0;
  std::string weights_sha256;  // raw; empty: weights are seeded
  std::string algorithm;       // canonical spec
  int64_t bob_scales = 1;      // of the N maps, the last ones are Bob's: 1 .. N

  // The scale after which Alice hands over: Z_0, which is X_init, if all maps are Bob's.
  int64_t handover() const { return static_cast<int64_t>(options.sides.size()) - bob_scales; }
  // The tokens of all maps that are Alice's, and of all that are Bob's.
  int64_t AliceTokens() const;
  int64_t BobTokens() const;
  // Of Z_handover, in float32, which the message begins with.
  int64_t HandoverMapBytes() const;
};

// Weights from a file, as a process was started with them.
struct ModelWeights {
  VarWeights weights;
  bool has_initial_token = false;  // whether the file holds X_init
  std::string sha256;              // raw, of W_Q, W_K and W_V
};

// Reads W_Q, W_K and W_V, and X_init if it is there, from a safetensors file; d is W_Q's.
// Errors as SafetensorsFile::Open and ReadVarWeights, all naming the path.
absl::StatusOr<ModelWeights> ReadModelWeights(const std::string& path);
// The same for a --weights flag, which may be empty: no weights. Whatever the system calls
// a file that cannot be read, the flag is at fault: INVALID_ARGUMENT. A damaged file is
// DATA_LOSS.
absl::StatusOr<std::optional<ModelWeights>> WeightsOfFlag(const std::string& path);

v1::GenerationParameters GenerationToProto(const Generation& generation);
// Returns INVALID_ARGUMENT, naming the parameter, on fewer than two scales, bob_scales
// outside 1 .. N, d outside 1 .. kMaxVarDims, a seed of kSeedLimit or more, a digest of other
// than 32 bytes, an algorithm text that is empty or longer than kMaxAlgorithmCharacters,
// and what CheckVarOptions refuses. Takes no memory to speak of.
absl::StatusOr<Generation> GenerationFromProto(const v1::GenerationParameters& proto);

// The first 16 bytes of the SHA-256 of the one spelling of the parameters.
std::string GenerationDigest(const Generation& generation);

// What an algorithm process must know to hold the cache.
v1::CacheParameters CacheParametersOf(const Generation& generation);

// The transformer with this X_init [1, d]. Returns FAILED_PRECONDITION unless `model` is
// what the generation asks for; errors as SeededVarWeights and VarTransformer::Create.
absl::StatusOr<VarTransformer> MakeTransformer(const Generation& generation,
                                               const std::optional<ModelWeights>& model,
                                               Matrix x_init);

// Appends the tokens to the session as one scale, sets `state` to what the algorithm says
// of it then, and returns the outputs [n^2, d] of all their queries. Errors as
// AlgorithmSession's.
absl::StatusOr<Matrix> AttendScale(AlgorithmSession& session, const ScaleTokens& tokens,
                                   v1::IngestResponse& state);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_GENERATION_H_
