#include "server/alice/alice_run.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/reduction/alice.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/pending_connection.h"
#include "common/wire/rows.h"
#include "server/alice/alice_transfer.h"

namespace kvwire {
namespace {

// Stops early where the connection that all is for has failed.
absl::StatusOr<v1::IngestResponse> IngestBits(AlgorithmSession& session,
                                              const PublicParameters& parameters,
                                              const BitVector& bits,
                                              const PendingConnection& connection) {
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrame frame, MakeFrame(parameters));
  return session.Ingest([&](AlgorithmSession::BlockWriter write) {
    return StreamAliceTokens(
        parameters.shape, parameters.decoding.encoding, frame, bits,
        RowsPerMessage(RowWidth(parameters.shape.attention(), parameters.dims)),
        [&](const AliceTokens& tokens) -> absl::Status {
          KVWIRE_RETURN_IF_ERROR(connection.Failure());
          v1::IngestRequest block;
          block.set_rows(tokens.keys.rows());
          block.set_keys(RowsToBytes(tokens.keys));
          block.set_values(RowsToBytes(tokens.values));
          block.set_closes_scale(tokens.closes_scale);
          return write(block);
        });
  });
}

// Hands the snapshot to `write`, and adds to `snapshot_time` what it took to get it.
absl::Status Snapshot(AlgorithmSession& session,
                      absl::FunctionRef<absl::Status(absl::Cord)> write,
                      absl::Duration& snapshot_time) {
  const absl::Time start = absl::Now();
  absl::Duration sending;
  const absl::Status status = session.Snapshot([&](absl::Cord piece) {
    const absl::Time came = absl::Now();
    const absl::Status written = write(std::move(piece));
    sending += absl::Now() - came;
    return written;
  });
  snapshot_time += absl::Now() - start - sending;
  return status;
}

}  // namespace

absl::StatusOr<absl::Duration> ConnectTimeoutOf(double seconds) {
  constexpr double kLongest = 3600;
  // Written so that a NaN fails.
  if (seconds > 0 && seconds <= kLongest) return absl::Seconds(seconds);
  return absl::InvalidArgumentError(
      absl::StrCat("a connect timeout of ", seconds, " s is not in (0, ", kLongest, "]"));
}

absl::StatusOr<v1::SpeakResponse> RunAlice(const AlgorithmClient& algorithm,
                                           const AliceRun& run, const BitVector& bits,
                                           Cancellation& cancellation) {
  v1::SpeakResponse response;
  KVWIRE_ASSIGN_OR_RETURN(const auto description,
                          algorithm.Describe(run.connect_timeout, cancellation));
  // Not before the algorithm is connected to: its socket could be taken for Bob's.
  PendingConnection connecting(run.channel, run.connect_timeout, "Bob's channel",
                               run.channel_security, cancellation);
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  *open.mutable_parameters() = CacheParametersOf(run.parameters);
  open.set_memory_limit_bytes(run.memory_limit_bytes);
  const auto opened = algorithm.Open(open, cancellation);
  KVWIRE_ASSIGN_OR_RETURN(const uint64_t process_id, description->ProcessId());
  response.set_algorithm_process_id(process_id);
  KVWIRE_RETURN_IF_ERROR(opened.status());
  AlgorithmSession& session = **opened;

  const absl::Time start = absl::Now();
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state,
                          IngestBits(session, run.parameters, bits, connecting));
  response.set_state_bits(state.state_bits());
  response.set_section_count(state.section_count());
  response.set_ingest_seconds(absl::ToDoubleSeconds(absl::Now() - start));

  KVWIRE_ASSIGN_OR_RETURN(MeasuredChannel connection, connecting.Take());
  const absl::Time sent = absl::Now();
  const TransferOptions options{.channel = run.channel,
                                .security = run.channel_security,
                                .run_id = run.run_id,
                                .parameters_digest = ParametersDigest(run.parameters),
                                .payload_bytes = run.payload_bytes,
                                .patience = run.connect_timeout,
                                .chunk_bytes = run.chunk_bytes,
                                .resume = run.resume};
  absl::Duration snapshot_time;
  KVWIRE_ASSIGN_OR_RETURN(Transfer transfer,
                          TransferMessage(
                              std::move(connection), options,
                              [&](absl::FunctionRef<absl::Status(absl::Cord)> write) {
                                return Snapshot(session, write, snapshot_time);
                              },
                              cancellation));
  *response.mutable_ledger() = std::move(transfer.ledger);
  response.set_snapshot_seconds(absl::ToDoubleSeconds(snapshot_time));
  response.set_transfer_seconds(absl::ToDoubleSeconds(absl::Now() - sent));
  response.set_snapshot_sha256(std::move(transfer.sha256));
  return response;
}

}  // namespace kvwire
