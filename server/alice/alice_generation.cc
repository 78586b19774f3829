#include "server/alice/alice_generation.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/pending_connection.h"
#include "common/wire/rows.h"
#include "server/alice/alice_run.h"
#include "server/alice/alice_transfer.h"

namespace kvwire {
namespace {

absl::StatusOr<std::unique_ptr<AlgorithmSession>> OpenSession(const AlgorithmClient& algorithm,
                                                              const Generation& generation,
                                                              int64_t memory_limit_bytes,
                                                              Cancellation& cancellation) {
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  *open.mutable_parameters() = CacheParametersOf(generation);
  open.set_memory_limit_bytes(memory_limit_bytes);
  return algorithm.Open(open, cancellation);
}

// Generates the scales that are hers, as long as the connection that all is for has not
// failed; returns the map that Bob goes on from and sets `state` to what the algorithm says of
// its memory then.
absl::StatusOr<Matrix> GenerateMaps(const VarTransformer& transformer, int64_t handover,
                                    const Matrix& x_init, AlgorithmSession& session,
                                    const PendingConnection& connection,
                                    v1::IngestResponse& state) {
  if (handover > 0) {
    return transformer.Generate(1, handover, x_init,
                                [&](const ScaleTokens& tokens) -> absl::StatusOr<Matrix> {
                                  KVWIRE_RETURN_IF_ERROR(connection.Failure());
                                  return AttendScale(session, tokens, state);
                                });
  }
  const auto no_tokens = [](AlgorithmSession::BlockWriter) { return absl::OkStatus(); };
  KVWIRE_ASSIGN_OR_RETURN(state, session.Ingest(no_tokens));
  return x_init;
}

// Sends the map and the session's snapshot, and writes Alice's books.
absl::Status SendMessage(MeasuredChannel connection, const TransferOptions& options,
                         const Matrix& map, AlgorithmSession& session,
                         Cancellation& cancellation, v1::GenerateResponse& response) {
  const absl::Time start = absl::Now();
  const absl::Cord map_bytes(RowsToBytes(map));
  response.set_token_map_bytes(static_cast<int64_t>(map_bytes.size()));
  KVWIRE_ASSIGN_OR_RETURN(
      Transfer transfer,
      TransferMessage(
          std::move(connection), options,
          [&](absl::FunctionRef<absl::Status(absl::Cord)> write) -> absl::Status {
            KVWIRE_RETURN_IF_ERROR(write(map_bytes));
            return session.Snapshot(write);
          },
          cancellation));
  *response.mutable_ledger() = std::move(transfer.ledger);
  response.set_transfer_seconds(absl::ToDoubleSeconds(absl::Now() - start));
  response.set_message_sha256(std::move(transfer.sha256));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GenerateResponse> GenerateAndSend(const AlgorithmClient& algorithm,
                                                     const ChannelSecurity& channel_security,
                                                     const std::optional<ModelWeights>& model,
                                                     const v1::GenerateRequest& request,
                                                     int64_t chunk_bytes,
                                                     Cancellation& cancellation) {
  KVWIRE_RETURN_IF_ERROR(CheckProtocolVersion(request.protocol_version()));
  if (request.run_id() == 0) return absl::InvalidArgumentError("the run id is 0");
  KVWIRE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                          ConnectTimeoutOf(request.connect_timeout_seconds()));
  KVWIRE_ASSIGN_OR_RETURN(const Endpoint channel, ParseEndpoint(request.channel_endpoint()));
  KVWIRE_ASSIGN_OR_RETURN(const Generation generation,
                          GenerationFromProto(request.parameters()));
  KVWIRE_ASSIGN_OR_RETURN(
      const Matrix x_init,
      RowsFromBytes(request.initial_token(), 1, generation.dims, "initial token"));
  KVWIRE_ASSIGN_OR_RETURN(const VarTransformer transformer,
                          MakeTransformer(generation, model, x_init));

  v1::GenerateResponse response;
  KVWIRE_ASSIGN_OR_RETURN(const auto description, algorithm.Describe(timeout, cancellation));
  // Not before the algorithm is connected to: its socket could be taken for Bob's.
  PendingConnection connecting(channel, timeout, "Bob's channel", channel_security,
                               cancellation);
  KVWIRE_ASSIGN_OR_RETURN(const uint64_t process_id, description->ProcessId());
  response.set_algorithm_process_id(process_id);
  KVWIRE_ASSIGN_OR_RETURN(
      const auto session,
      OpenSession(algorithm, generation, request.memory_limit_bytes(), cancellation));

  const absl::Time start = absl::Now();
  v1::IngestResponse state;
  KVWIRE_ASSIGN_OR_RETURN(const Matrix map, GenerateMaps(transformer, generation.handover(),
                                                         x_init, *session, connecting, state));
  response.set_generate_seconds(absl::ToDoubleSeconds(absl::Now() - start));
  response.set_state_bits(state.state_bits());
  response.set_section_count(state.section_count());

  KVWIRE_ASSIGN_OR_RETURN(MeasuredChannel connection, connecting.Take());
  const TransferOptions options{.channel = channel,
                                .security = channel_security,
                                .run_id = request.run_id(),
                                .parameters_digest = GenerationDigest(generation),
                                .patience = timeout,
                                .chunk_bytes = chunk_bytes,
                                .resume = request.resume()};
  KVWIRE_RETURN_IF_ERROR(
      SendMessage(std::move(connection), options, map, *session, cancellation, response));
  return response;
}

}  // namespace kvwire
