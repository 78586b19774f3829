#include "common/kv/algorithms/cluster_samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/row_pieces.h"
#include "common/kv/algorithms/weighted_rows.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr uint64_t kSampleUse = 0x6c706d7367627573;  // "subgsmpl"

}  // namespace

ClusterSamples::ClusterSamples(int64_t dims, double delta, int64_t cap, int64_t cluster_tokens,
                               uint64_t seed)
    : dims_(static_cast<size_t>(dims)),
      cluster_tokens_(cluster_tokens),
      randomness_(seed, kSampleUse),
      clusters_(dims, delta, cap),
      rows_(2 * dims) {}

int64_t ClusterSamples::Kept(int64_t count) const { return std::min(count, cluster_tokens_); }

int64_t ClusterSamples::BytesOf(int64_t clusters, int64_t samples) const {
  const int64_t cluster_bytes = clusters_.centres().row_bytes() +
                                int64_t{2 * sizeof(int64_t) + sizeof(std::vector<int64_t>)};
  return SaturatingSum(
      SaturatingProduct(clusters, cluster_bytes),
      SaturatingProduct(samples, rows_.row_bytes() + int64_t{sizeof(int64_t)}));
}

int64_t ClusterSamples::MostBytes(int64_t tokens) const {
  const int64_t clusters = clusters_.MostClusters(tokens);
  return BytesOf(clusters, std::min(tokens, SaturatingProduct(clusters, cluster_tokens_)));
}

int64_t ClusterSamples::BytesAfter(const GreedyClusters::Plan& plan) const {
  std::unordered_map<int64_t, int64_t> counts;  // of the clusters that get new tokens
  int64_t samples = rows_.rows();
  for (const int64_t cluster : plan.cluster_of) {
    const int64_t before = cluster < clusters_.size() ? clusters_.count(cluster) : 0;
    const auto found = counts.try_emplace(cluster, before).first;
    if (found->second++ < cluster_tokens_) ++samples;
  }
  return BytesOf(plan.clusters, samples);
}

void ClusterSamples::Take(const BlockTokens& tokens, const GreedyClusters::Plan& plan,
                          int64_t position) {
  std::vector<float> row;
  for (int64_t i = 0; i < tokens.size(); ++i) {
    const int64_t cluster = plan.cluster_of[static_cast<size_t>(i)];
    clusters_.Add(cluster, tokens.key(i));
    row.assign(tokens.key(i).begin(), tokens.key(i).end());
    row.insert(row.end(), tokens.value(i).begin(), tokens.value(i).end());
    if (cluster == static_cast<int64_t>(members_.size())) members_.emplace_back();
    std::vector<int64_t>& members = members_[static_cast<size_t>(cluster)];
    if (static_cast<int64_t>(members.size()) < cluster_tokens_) {
      members.push_back(rows_.rows());
      rows_.Append(row);
      continue;
    }
    // Uniform on the n_i tokens of the cluster so far: below t with probability t / n_i.
    const double place = randomness_.Uniform(position + tokens.row(i), 0) *
                         static_cast<double>(clusters_.count(cluster));
    if (place < static_cast<double>(cluster_tokens_)) {
      rows_.Replace(members[static_cast<size_t>(place)], row);
    }
  }
}

void ClusterSamples::Visit(BlockVisitor visitor) const {
  WeightedRows weighted(static_cast<int64_t>(dims_), visitor);
  for (int64_t cluster = 0; cluster < clusters_.size(); ++cluster) {
    const int64_t count = clusters_.count(cluster);
    const double log_weight =
        std::log(static_cast<double>(count) / static_cast<double>(Kept(count)));
    for (const int64_t row : members_[static_cast<size_t>(cluster)]) {
      weighted.Add(KeyOf(row), rows_.row(row).last(dims_), log_weight);
    }
  }
  weighted.Finish();
}

absl::Status ClusterSamples::WriteSamples(ByteSink sink) const {
  RowPieces pieces(sink);
  for (const std::vector<int64_t>& members : members_) {
    for (const int64_t row : members) pieces.Add(rows_.row(row));
  }
  return pieces.Finish();
}

void ClusterSamples::RestoreCounts(std::vector<int64_t> counts) {
  for (const int64_t count : counts) restored_samples_ += Kept(count);
  clusters_.SetCounts(std::move(counts));
}

absl::Status ClusterSamples::RestoreCentre(std::string_view bytes) {
  return clusters_.restored_centres().AppendParsed(bytes);
}

absl::Status ClusterSamples::RestoreSample(std::string_view bytes) {
  if (members_.empty() ||
      static_cast<int64_t>(members_.back().size()) ==
          Kept(clusters_.count(static_cast<int64_t>(members_.size()) - 1))) {
    members_.emplace_back();
  }
  const auto cluster = static_cast<int64_t>(members_.size()) - 1;
  const int64_t row = rows_.rows();
  members_.back().push_back(row);
  KVWIRE_RETURN_IF_ERROR(rows_.AppendParsedToken(bytes));
  // A cluster that is kept whole begins with the key that opened it.
  const auto centre = clusters_.centres().row(cluster);
  if (members_.back().size() > 1 || clusters_.count(cluster) > cluster_tokens_ ||
      std::memcmp(centre.data(), KeyOf(row).data(), centre.size() * sizeof(float)) == 0) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("cluster ", cluster, " does not begin with its centre"));
}

}  // namespace kvwire
