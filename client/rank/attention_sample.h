#ifndef KVWIRE_CLIENT_RANK_ATTENTION_SAMPLE_H_
#define KVWIRE_CLIENT_RANK_ATTENTION_SAMPLE_H_

// One algorithm on one workload of tokens and queries: the first process makes the
// snapshot, the second takes it up over a connection of its own and answers.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/rank/rank_row.h"
#include "common/wire/algorithm_client.h"
#include "common/workload/attention_workload.h"
#include "kvwire/v1/algorithm.pb.h"

namespace kvwire {

// A workload as the calls need it, and its answer.
struct AttentionCase {
  uint64_t seed = 0;  // of the public coin too
  int64_t tokens = 0;
  int64_t dims = 0;
  std::vector<v1::IngestRequest> blocks;  // all tokens
  Matrix queries;
  Matrix reference;  // the outputs of exact attention
};

// Exact attention has every score times `scale`.
AttentionCase MakeAttentionCase(const AttentionWorkload& workload, double scale,
                                uint64_t seed);

// Two processes of one server, or one twice.
struct AlgorithmPair {
  const AlgorithmClient& first;   // makes snapshots
  const AlgorithmClient& second;  // takes them up
  absl::Duration timeout;         // of connecting
  bool one_process = false;
};

struct SampleLimits {
  int64_t memory_limit_bytes = 0;  // of a session; 0: the server's own
  bool allow_one_process = false;  // at both ends
};

// Measures `algorithm`, a spec in the spelling that the server knows. Whether restoring is
// equal to going on is found out by going on: both caches take the first scale once more,
// and must then write the same snapshot and give the same answers. Errors are those of
// AlgorithmService, of RestoreMeasured, INTERNAL on answers that are none, and
// RESOURCE_EXHAUSTED on a snapshot of more than 256 times the input.
absl::StatusOr<RankSample> MeasureAttention(const AlgorithmPair& pair,
                                            const std::string& algorithm,
                                            const AttentionCase& attention,
                                            const SampleLimits& limits,
                                            Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_ATTENTION_SAMPLE_H_
