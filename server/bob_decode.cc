#include "server/bob_decode.h"

#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "common/reduction/bob.h"
#include "common/wire/parameters_conversion.h"
#include "server/bob_restore.h"

namespace kvwire {
namespace {

// Bob's own scale: tokens with K = V = 0, of which the queries are the rest.
absl::Status AppendZeroScale(AlgorithmSession& session, int64_t zero_rows) {
  v1::IngestRequest zeros;
  zeros.set_rows(zero_rows);
  zeros.set_closes_scale(true);
  return session.Ingest([&](AlgorithmSession::BlockWriter write) { return write(zeros); })
      .status();
}

}  // namespace

absl::StatusOr<DecodedRows> DecodeMessageRows(const AlgorithmClient& algorithm,
                                              const ReceivedMessage& message,
                                              const PublicParameters& parameters,
                                              const std::vector<int64_t>& rows,
                                              const DecodeOptions& options,
                                              Cancellation& cancellation) {
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrame frame, MakeFrame(parameters));
  KVWIRE_ASSIGN_OR_RETURN(const double query_sharpness, QuerySharpness(parameters));
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  *open.mutable_parameters() = CacheParametersOf(parameters);
  open.set_memory_limit_bytes(options.memory_limit_bytes);

  DecodedRows decoded;
  decoded.bits = BitVector(static_cast<int64_t>(rows.size()) * parameters.dims);
  KVWIRE_ASSIGN_OR_RETURN(decoded.process_id,
                          algorithm.Describe(kAlgorithmConnectTime, cancellation));
  const ProblemShape& shape = parameters.shape;
  int64_t first = 0;
  for (const std::vector<int64_t>& group : SplitIntoReplays(rows, shape.rows_per_replay())) {
    KVWIRE_ASSIGN_OR_RETURN(
        const auto session,
        RestoreSession(algorithm, message, /*offset=*/0, open, cancellation));
    KVWIRE_RETURN_IF_ERROR(AppendZeroScale(*session, shape.queries()));
    KVWIRE_ASSIGN_OR_RETURN(Matrix outputs,
                            session->Attend(QueryRows(frame, query_sharpness, group)));
    const Thresholds thresholds = Thresholds::Place(frame, parameters.sharpness, group,
                                                    shape.ZeroWeight(), parameters.decoding);
    PerturbOutputs(thresholds, parameters.decoding, parameters.seed, group, outputs);
    DecodeRows(outputs, thresholds, first, decoded.bits);
    if (options.confidences) AppendConfidences(outputs, thresholds, decoded.confidences);
    first += static_cast<int64_t>(group.size());
    ++decoded.replays;
  }
  return decoded;
}

}  // namespace kvwire
