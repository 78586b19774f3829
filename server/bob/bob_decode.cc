#include "server/bob/bob_decode.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "common/reduction/bob.h"
#include "common/wire/parameters_conversion.h"
#include "server/bob/bob_restore.h"

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

// One take-up of the message: the rows of `group`, which are rows first_row .. of `decoded`.
class GroupDecoder {
 public:
  GroupDecoder(const KeyFrame& frame, const PublicParameters& parameters,
               absl::Span<const int64_t> group, int64_t first_row, bool confidences,
               DecodedRows& decoded)
      : frame_(frame),
        parameters_(parameters),
        group_(group),
        first_row_(first_row),
        confidences_(confidences),
        decoded_(decoded),
        thresholds_(Thresholds::Place(frame, parameters.sharpness, group,
                                      parameters.shape.ZeroWeight(), parameters.decoding)) {}

  // Asks `count` queries, of the rows in turn, and decides the bits of each row the first
  // time that it is asked.
  absl::Status Ask(AlgorithmSession& session, double sharpness, int64_t count) {
    for (int64_t asked = 0; asked < count;) {
      const int64_t rows = std::min<int64_t>(count - asked, group_.size());
      const bool again = asked > 0;
      KVWIRE_RETURN_IF_ERROR(session.AttendInBlocks(
          rows, frame_.dims(),
          [&](int64_t first, int64_t some) {
            return QueryRows(frame_, sharpness, group_.subspan(first, some));
          },
          [&](int64_t first, Matrix outputs) {
            again ? Compare(first, outputs) : Decide(first, outputs);
            return absl::OkStatus();
          }));
      asked += rows;
    }
    decoded_.queries += count;
    return absl::OkStatus();
  }

 private:
  Thresholds Perturb(int64_t first, Matrix& outputs) const {
    Thresholds thresholds = thresholds_.Part(first, outputs.rows());
    PerturbOutputs(thresholds, parameters_.decoding, parameters_.seed,
                   group_.subspan(first, outputs.rows()), outputs);
    return thresholds;
  }

  void Decide(int64_t first, Matrix& outputs) {
    const Thresholds thresholds = Perturb(first, outputs);
    DecodeRows(outputs, thresholds, first_row_ + first, decoded_.bits);
    if (confidences_) AppendConfidences(outputs, thresholds, decoded_.confidences);
  }

  void Compare(int64_t first, Matrix& outputs) {
    const Thresholds thresholds = Perturb(first, outputs);
    BitVector bits(outputs.size());
    DecodeRows(outputs, thresholds, 0, bits);
    const int64_t offset = (first_row_ + first) * frame_.dims();
    for (int64_t k = 0; k < bits.size_bits(); ++k) {
      if (bits.Get(k) != decoded_.bits.Get(offset + k)) ++decoded_.changed_bits;
    }
  }

  const KeyFrame& frame_;
  const PublicParameters& parameters_;
  const absl::Span<const int64_t> group_;
  const int64_t first_row_;
  const bool confidences_;
  DecodedRows& decoded_;
  const Thresholds thresholds_;
};

}  // namespace

int64_t DecodeBytes(const PublicParameters& parameters, int64_t rows, bool confidences) {
  // As a position, here, and in its group.
  constexpr int64_t kRowNumberBytes = 3 * sizeof(int64_t);
  constexpr int64_t kEntryBytes = 2 * sizeof(float);  // of a query, and of an output
  const int64_t bits = rows * parameters.dims;
  const int64_t together = std::min(rows, parameters.shape.rows_per_replay());
  return rows * kRowNumberBytes + bits / 4 + together * parameters.dims * kEntryBytes +
         (confidences ? bits : 0);
}

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
  KVWIRE_ASSIGN_OR_RETURN(const auto description,
                          algorithm.Describe(kAlgorithmConnectTime, cancellation));
  const ProblemShape& shape = parameters.shape;
  int64_t first = 0;
  for (const std::vector<int64_t>& group : SplitIntoReplays(rows, shape.rows_per_replay())) {
    const absl::Time start = absl::Now();
    const auto session = RestoreSession(algorithm, message, /*offset=*/0, open, cancellation);
    KVWIRE_ASSIGN_OR_RETURN(decoded.process_id, description->ProcessId());
    KVWIRE_RETURN_IF_ERROR(session.status());
    decoded.restoring += absl::Now() - start;
    KVWIRE_RETURN_IF_ERROR(AppendZeroScale(**session, shape.queries()));
    const auto size = static_cast<int64_t>(group.size());
    GroupDecoder decoder(frame, parameters, group, first, options.confidences, decoded);
    KVWIRE_RETURN_IF_ERROR(
        decoder.Ask(**session, query_sharpness,
                    options.all_queries ? std::max(size, shape.queries()) : size));
    first += size;
    ++decoded.replays;
  }
  return decoded;
}

}  // namespace kvwire
