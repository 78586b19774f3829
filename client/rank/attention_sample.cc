#include "client/rank/attention_sample.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "client/claim_verdict.h"
#include "client/rank/reference_attention.h"
#include "common/base/status_macros.h"
#include "common/var/relative_error.h"
#include "common/wire/measured_restore.h"
#include "common/wire/parameters_conversion.h"
#include "common/wire/rows.h"

namespace kvwire {
namespace {

v1::OpenRequest OpenOf(const std::string& algorithm, const AttentionCase& attention,
                       const SampleLimits& limits) {
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  open.set_memory_limit_bytes(limits.memory_limit_bytes);
  v1::CacheParameters& parameters = *open.mutable_parameters();
  parameters.set_algorithm(algorithm);
  parameters.set_dims(attention.dims);
  parameters.set_token_count(attention.tokens);
  parameters.set_seed(static_cast<int64_t>(attention.seed));
  parameters.set_attention(v1::ATTENTION_KIND_ORDINARY);
  return open;
}

// No compressor needs so many times its input. A server that never ends is not believed.
int64_t MostSnapshotBytes(const AttentionCase& attention) {
  constexpr int64_t kInputs = 256;
  constexpr int64_t kSlackBytes = int64_t{1} << 20;
  return kInputs * 2 * attention.tokens * attention.dims * int64_t{sizeof(float)} +
         kSlackBytes;
}

absl::StatusOr<std::string> ReadSnapshot(AlgorithmSession& session, int64_t most_bytes) {
  std::string snapshot;
  KVWIRE_RETURN_IF_ERROR(session.Snapshot([&](const absl::Cord& piece) {
    if (static_cast<int64_t>(snapshot.size() + piece.size()) > most_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a snapshot of more than ", most_bytes, " bytes"));
    }
    snapshot += std::string(piece);
    return absl::OkStatus();
  }));
  return snapshot;
}

// What can be a number of bits: sums of others cannot overflow.
absl::Status CheckClaim(int64_t state_bits) {
  constexpr int64_t kMost = int64_t{1} << 48;
  if (state_bits >= 0 && state_bits <= kMost) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("the algorithm claims a state of ", state_bits, " bits"));
}

using Blocks = absl::Span<const v1::IngestRequest>;

absl::StatusOr<v1::IngestResponse> IngestBlocks(AlgorithmSession& session, Blocks blocks) {
  return session.Ingest([blocks](AlgorithmSession::BlockWriter write) {
    for (const v1::IngestRequest& block : blocks) KVWIRE_RETURN_IF_ERROR(write(block));
    return absl::OkStatus();
  });
}

struct Encoded {
  std::unique_ptr<AlgorithmSession> session;
  v1::IngestResponse state;
  std::string snapshot;
  absl::Duration duration;
};

absl::StatusOr<Encoded> Encode(const AlgorithmClient& client, const v1::OpenRequest& open,
                               const AttentionCase& attention, Cancellation& cancellation) {
  Encoded encoded;
  KVWIRE_ASSIGN_OR_RETURN(encoded.session, client.Open(open, cancellation));
  const absl::Time start = absl::Now();
  KVWIRE_ASSIGN_OR_RETURN(encoded.state, IngestBlocks(*encoded.session, attention.blocks));
  KVWIRE_ASSIGN_OR_RETURN(encoded.snapshot,
                          ReadSnapshot(*encoded.session, MostSnapshotBytes(attention)));
  encoded.duration = absl::Now() - start;
  KVWIRE_RETURN_IF_ERROR(CheckClaim(encoded.state.state_bits()));
  return encoded;
}

Blocks FirstScale(const AttentionCase& attention) {
  size_t count = 1;
  while (!attention.blocks[count - 1].closes_scale()) ++count;
  return Blocks(attention.blocks).first(count);
}

struct Continued {
  std::string snapshot;
  Matrix outputs;
};

absl::StatusOr<Continued> Continue(AlgorithmSession& session, const AttentionCase& attention) {
  Continued continued;
  KVWIRE_RETURN_IF_ERROR(IngestBlocks(session, FirstScale(attention)).status());
  KVWIRE_ASSIGN_OR_RETURN(continued.outputs, session.Attend(attention.queries));
  KVWIRE_ASSIGN_OR_RETURN(continued.snapshot,
                          ReadSnapshot(session, MostSnapshotBytes(attention)));
  return continued;
}

// The caches themselves cannot be compared: the one that was never stopped still sees all
// of its last scale, what a budget will drop of it included.
absl::StatusOr<bool> ContinueEqually(AlgorithmSession& first, AlgorithmSession& second,
                                     const AttentionCase& attention) {
  KVWIRE_ASSIGN_OR_RETURN(const Continued never_stopped, Continue(first, attention));
  KVWIRE_ASSIGN_OR_RETURN(const Continued restored, Continue(second, attention));
  return never_stopped.snapshot == restored.snapshot &&
         never_stopped.outputs == restored.outputs;
}

void JudgeBooks(const Encoded& encoded, const MeasuredRestore& restored, RankSample& sample) {
  const auto snapshot_bytes = static_cast<int64_t>(encoded.snapshot.size());
  JudgeClaim({.state_bits = encoded.state.state_bits(),
              .section_count = encoded.state.section_count(),
              .snapshot_bytes = snapshot_bytes,
              .who = "the algorithm"},
             sample.reasons);
  if (restored.connection.sent_bytes() < snapshot_bytes) {
    sample.reasons.push_back(absl::StrCat("the connection carried ",
                                          restored.connection.sent_bytes(), " bytes, ",
                                          snapshot_bytes - restored.connection.sent_bytes(),
                                          " short of the snapshot: it went another way"));
  }
}

void SetSizes(const Encoded& encoded, const MeasuredRestore& restored,
              const AttentionCase& attention, RankSample& sample) {
  const auto state_bits = static_cast<double>(encoded.state.state_bits());
  const auto numbers = static_cast<double>(2 * attention.tokens * attention.dims);
  sample.Set(Statistic::kStateBits, state_bits);
  sample.Set(Statistic::kHeaderBits,
             8 * static_cast<double>(encoded.snapshot.size()) - state_bits);
  sample.Set(Statistic::kBitsPerElement, state_bits / numbers);
  sample.Set(Statistic::kWireBytes, static_cast<double>(restored.connection.sent_bytes()));
  const double megabytes = numbers * sizeof(float) / 1e6;
  const auto rate = [megabytes](absl::Duration duration) {
    return megabytes / std::max(absl::ToDoubleSeconds(duration), 1e-9);
  };
  sample.Set(Statistic::kEncodeMbPerS, rate(encoded.duration));
  sample.Set(Statistic::kDecodeMbPerS, rate(restored.duration));
}

absl::Status SetErrors(const Matrix& outputs, const AttentionCase& attention,
                       RankSample& sample) {
  KVWIRE_ASSIGN_OR_RETURN(const RelativeErrors errors,
                          CompareMaps(attention.reference, outputs));
  sample.Set(Statistic::kErrorMean, errors.mean);
  sample.Set(Statistic::kErrorP99, errors.quantile_99);
  sample.Set(Statistic::kErrorWorst, errors.largest);
  sample.Set(Statistic::kCosine, MeanCosine(attention.reference, outputs));
  return absl::OkStatus();
}

}  // namespace

AttentionCase MakeAttentionCase(const AttentionWorkload& workload, double scale,
                                uint64_t seed) {
  AttentionCase attention{.seed = seed,
                          .tokens = workload.tokens(),
                          .dims = workload.dims(),
                          .queries = workload.queries,
                          .reference = ReferenceAttention(workload, scale)};
  const int64_t step = RowsPerMessage(workload.dims());
  int64_t first = 0;
  for (const int64_t scale_tokens : workload.scale_tokens) {
    for (int64_t left = scale_tokens; left > 0;) {
      const int64_t rows = std::min(step, left);
      v1::IngestRequest& block = attention.blocks.emplace_back();
      block.set_rows(rows);
      block.set_queries(RowsToBytes(workload.token_queries.middleRows(first, rows)));
      block.set_keys(RowsToBytes(workload.keys.middleRows(first, rows)));
      block.set_values(RowsToBytes(workload.values.middleRows(first, rows)));
      left -= rows;
      first += rows;
      block.set_closes_scale(left == 0);
    }
  }
  return attention;
}

absl::StatusOr<RankSample> MeasureAttention(const AlgorithmPair& pair,
                                            const std::string& algorithm,
                                            const AttentionCase& attention,
                                            const SampleLimits& limits,
                                            Cancellation& cancellation) {
  const v1::OpenRequest open = OpenOf(algorithm, attention, limits);
  KVWIRE_ASSIGN_OR_RETURN(const Encoded encoded,
                          Encode(pair.first, open, attention, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(
      const MeasuredRestore restored,
      RestoreMeasured(pair.second, open, encoded.snapshot, pair.timeout, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix outputs, restored.session->Attend(attention.queries));
  RankSample sample;
  sample.seed = attention.seed;
  SetSizes(encoded, restored, attention, sample);
  KVWIRE_RETURN_IF_ERROR(SetErrors(outputs, attention, sample));
  KVWIRE_ASSIGN_OR_RETURN(sample.restore_equal,
                          ContinueEqually(*encoded.session, *restored.session, attention));
  JudgeBooks(encoded, restored, sample);
  if (pair.one_process && !limits.allow_one_process) {
    sample.reasons.emplace_back(
        "one process makes the snapshot and takes it up, which could pass the cache beside "
        "it; name two, HOST:PORT,HOST:PORT, or say --allow-shared-algorithm");
  }
  return sample;
}

}  // namespace kvwire
