#include "server/bob/bob_generation.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/rows.h"
#include "server/bob/bob_restore.h"

namespace kvwire {
namespace {

// The map to go on from, which the message begins with.
absl::StatusOr<Matrix> ReadMap(const ReceivedMessage& message, const Generation& generation) {
  const int64_t size = generation.HandoverMapBytes();
  const int64_t dims = generation.dims;
  const int64_t tokens = size / (dims * static_cast<int64_t>(sizeof(float)));
  if (message.committed_bytes() < size) {
    return absl::DataLossError(absl::StrCat("the message has ", message.committed_bytes(),
                                            " bytes, its token map alone ", size));
  }
  std::string bytes;
  while (static_cast<int64_t>(bytes.size()) < size) {
    const auto offset = static_cast<int64_t>(bytes.size());
    KVWIRE_ASSIGN_OR_RETURN(const std::string piece, message.Read(offset, size - offset));
    bytes += piece;
  }
  absl::StatusOr<Matrix> map = RowsFromBytes(bytes, tokens, dims, "token map");
  if (!map.ok()) return absl::DataLossError(map.status().message());
  return map;
}

}  // namespace

absl::StatusOr<GeneratedMap> GenerateLastMap(const AlgorithmClient& algorithm,
                                             const ReceivedMessage& message,
                                             const Generation& generation,
                                             const std::optional<ModelWeights>& model,
                                             int64_t memory_limit_bytes,
                                             Cancellation& cancellation) {
  // X_init is Alice's. No step needs it but the first, which has it from the message.
  KVWIRE_ASSIGN_OR_RETURN(
      const VarTransformer transformer,
      MakeTransformer(generation, model, Matrix::Zero(1, generation.dims)));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix previous, ReadMap(message, generation));
  GeneratedMap generated;
  KVWIRE_ASSIGN_OR_RETURN(const auto description,
                          algorithm.Describe(kAlgorithmConnectTime, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(generated.process_id, description->ProcessId());
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  *open.mutable_parameters() = CacheParametersOf(generation);
  open.set_memory_limit_bytes(memory_limit_bytes);
  KVWIRE_ASSIGN_OR_RETURN(
      const auto session,
      RestoreSession(algorithm, message, generation.HandoverMapBytes(), open, cancellation));
  v1::IngestResponse state;
  KVWIRE_ASSIGN_OR_RETURN(generated.tokens,
                          transformer.Generate(generation.handover() + 1, transformer.scales(),
                                               previous, [&](const ScaleTokens& tokens) {
                                                 return AttendScale(*session, tokens, state);
                                               }));
  return generated;
}

}  // namespace kvwire
