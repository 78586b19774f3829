#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_SKETCH_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_SKETCH_H_

// SubGen's memory of one sequence of tokens (k, v) in R^d (Zandieh, Han, Mirrokni, Karbasi
// 2024, arXiv 2402.06082): clusters of keys with t keys each, drawn uniformly and
// independently from the cluster's, for the partition function; and s tokens drawn by
// ||v||^2, for the sum of values. With m clusters of n non-zero tokens out of N it takes
//   32 (m (1 + t) d + 2 s d) + 64 + m ceil(log2(N + 1)) bits,
// and no state of a random generator: coins are a function of (seed, token, slot).

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/algorithm_spec.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/count_section.h"
#include "common/kv/algorithms/greedy_clusters.h"
#include "common/kv/algorithms/norm_sampler.h"
#include "common/kv/algorithms/slot_rows.h"
#include "common/kv/snapshot_section.h"
#include "common/kv/token_rows.h"

namespace kvwire {

struct SubgenOptions {
  double delta = 0;
  int64_t clusters = 0;       // at most, 0 for any number
  int64_t cluster_keys = 0;   // t
  int64_t value_samples = 0;  // s

  // From the options delta, clusters, t and s, with the defaults of `subgen`.
  static absl::StatusOr<SubgenOptions> FromSpec(const AlgorithmSpec& spec);
};

class SubgenSketch {
 public:
  // The number of tokens of each cluster; each cluster's centre and t keys; mu, in double;
  // the s sampled tokens. The last two are empty while all values are zero.
  static constexpr size_t kSections = 4;

  // Of numbers first .. first + dims - 1 of the tokens' keys and values; `use` tells the
  // coins of the sketches of one cache apart.
  SubgenSketch(const SubgenOptions& options, int64_t dims, int64_t first, uint64_t seed,
               uint64_t use);

  // The most memory that so many tokens, or clusters, can take.
  int64_t BytesOfTokens(int64_t tokens) const;
  int64_t BytesOfClusters(int64_t clusters) const;

  int64_t tokens() const { return clusters_.keys(); }  // that are not zero

  GreedyClusters::Plan Plan(const BlockTokens& tokens) const {
    return clusters_.PlanKeys(tokens, first_);
  }
  // Takes the tokens of a block after `position` others in.
  void Take(const BlockTokens& tokens, const GreedyClusters::Plan& plan, int64_t position);

  // The sum of weight e^{<q, key>} value over these rows estimates that over all tokens.
  void VisitValues(BlockVisitor visitor) const;
  // The sum of weight e^{<q, key>} over these rows estimates that over all tokens.
  void VisitKeys(BlockVisitor visitor) const;
  // Whether any value was not zero.
  bool has_values() const { return values_.norm_sum() > 0; }

  // As of KvCache, in a stream of `tokens`. While restoring, each section is begun, filled
  // and ended; once the first is begun, restored_bytes() is what the state will take.
  std::vector<SnapshotSection> Sections(int64_t tokens) const;
  absl::Status WriteSection(size_t index, int64_t tokens, ByteSink sink) const;
  absl::Status BeginSection(size_t index, int64_t tokens, SnapshotSection section);
  int64_t restored_bytes() const { return BytesOfClusters(counts_section_.groups()); }
  absl::Status RestoreBytes(std::string_view piece);
  absl::Status EndSection();

 private:
  SnapshotSection KeysSection() const;
  // `index` counts the centre and the t keys of each cluster in turn.
  void AppendKey(int64_t index, std::string& out) const;
  absl::Status RestoreKey(std::string_view bytes);
  absl::Status RestoreRow(std::string_view bytes);
  absl::Status BeginRows(SnapshotSection section, int64_t row_bytes);

  SubgenOptions options_;
  int64_t dims_;
  int64_t first_;
  TokenRandomness key_randomness_;
  GreedyClusters clusters_;
  SlotRows keys_;  // [clusters t, d]
  NormSampler values_;

  size_t restoring_ = 0;  // the section that bytes go to
  int64_t restored_keys_ = 0;
  CountSection counts_section_;
  RowSection rows_section_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SUBGEN_SKETCH_H_
