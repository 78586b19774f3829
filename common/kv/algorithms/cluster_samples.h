#ifndef KVWIRE_COMMON_KV_ALGORITHMS_CLUSTER_SAMPLES_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_CLUSTER_SAMPLES_H_

// Greedy clusters of keys, each with a reservoir of up to t whole tokens: a uniform sample
// of the cluster's tokens without replacement (Vitter 1985, algorithm R), all of them while
// there are no more than t.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/greedy_clusters.h"
#include "common/kv/algorithms/slot_rows.h"
#include "common/kv/algorithms/token_randomness.h"

namespace kvwire {

class ClusterSamples {
 public:
  // Tokens of numbers in R^dims, `cluster_tokens` = t kept of each cluster; delta and cap
  // as in GreedyClusters.
  ClusterSamples(int64_t dims, double delta, int64_t cap, int64_t cluster_tokens,
                 uint64_t seed);

  const GreedyClusters& clusters() const { return clusters_; }
  int64_t samples() const { return rows_.rows(); }

  // The most memory that so many clusters and samples take.
  int64_t BytesOf(int64_t clusters, int64_t samples) const;
  int64_t MostBytes(int64_t tokens) const;

  GreedyClusters::Plan Plan(const BlockTokens& tokens) const {
    return clusters_.PlanKeys(tokens);
  }
  // What BytesOf() will be once the plan is carried out.
  int64_t BytesAfter(const GreedyClusters::Plan& plan) const;
  // Takes the tokens of a block after `position` others in.
  void Take(const BlockTokens& tokens, const GreedyClusters::Plan& plan, int64_t position);

  // The samples cluster by cluster, each weighing n_i / min(t, n_i).
  void Visit(BlockVisitor visitor) const;

  // Writes the rows of the samples, as visited.
  absl::Status WriteSamples(ByteSink sink) const;

  // For restoring: counts, then all centres, then all samples as visited. Memory for the
  // samples is known from the counts. DATA_LOSS on what no clusters are.
  void RestoreCounts(std::vector<int64_t> counts);
  int64_t restored_samples() const { return restored_samples_; }  // announced by the counts
  absl::Status RestoreCentre(std::string_view bytes);
  absl::Status RestoreSample(std::string_view bytes);

 private:
  int64_t Kept(int64_t count) const;
  absl::Span<const float> KeyOf(int64_t row) const { return rows_.row(row).first(dims_); }

  size_t dims_;
  int64_t cluster_tokens_;
  TokenRandomness randomness_;
  GreedyClusters clusters_;
  SlotRows rows_;                              // [samples, 2 d]
  std::vector<std::vector<int64_t>> members_;  // rows_ of each cluster
  int64_t restored_samples_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_CLUSTER_SAMPLES_H_
