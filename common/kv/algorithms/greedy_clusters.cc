#include "common/kv/algorithms/greedy_clusters.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/portable_sums.h"

namespace kvwire {
namespace {

// The nearest centre seen so far.
class Nearest {
 public:
  explicit Nearest(absl::Span<const float> key) : key_(key) {}

  void See(int64_t cluster, absl::Span<const float> centre) {
    const double squared_distance = PortableSquaredDistance(key_, centre);
    if (squared_distance >= squared_distance_) return;
    squared_distance_ = squared_distance;
    cluster_ = cluster;
  }

  int64_t cluster() const { return cluster_; }
  double squared_distance() const { return squared_distance_; }

 private:
  absl::Span<const float> key_;
  int64_t cluster_ = -1;
  double squared_distance_ = std::numeric_limits<double>::infinity();
};

}  // namespace

GreedyClusters::GreedyClusters(int64_t dims, double delta, int64_t cap)
    : dims_(dims),
      squared_delta_(delta * delta),
      cap_(cap > 0 ? cap : std::numeric_limits<int64_t>::max()),
      centres_(dims) {}

int64_t GreedyClusters::MostClusters(int64_t keys) const { return std::min(keys, cap_); }

GreedyClusters::Plan GreedyClusters::PlanKeys(const BlockTokens& tokens, int64_t first) const {
  const auto key_of = [&](int64_t token) { return tokens.key(token).subspan(first, dims_); };
  Plan plan;
  plan.cluster_of.reserve(static_cast<size_t>(tokens.size()));
  std::vector<int64_t> opened;  // by which token
  for (int64_t token = 0; token < tokens.size(); ++token) {
    Nearest nearest(key_of(token));
    for (int64_t i = 0; i < size(); ++i) nearest.See(i, centres_.row(i));
    for (size_t i = 0; i < opened.size(); ++i) {
      nearest.See(size() + static_cast<int64_t>(i), key_of(opened[i]));
    }
    const int64_t clusters = size() + static_cast<int64_t>(opened.size());
    if (nearest.squared_distance() <= squared_delta_ || clusters == cap_) {
      plan.cluster_of.push_back(nearest.cluster());
    } else {
      plan.cluster_of.push_back(clusters);
      opened.push_back(token);
    }
  }
  plan.clusters = size() + static_cast<int64_t>(opened.size());
  return plan;
}

void GreedyClusters::Add(int64_t cluster, absl::Span<const float> key) {
  if (cluster == size()) {
    counts_.push_back(0);
    centres_.Append(key);
  }
  ++counts_[static_cast<size_t>(cluster)];
  ++keys_;
}

void GreedyClusters::SetCounts(std::vector<int64_t> counts) {
  counts_ = std::move(counts);
  keys_ = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
}

}  // namespace kvwire
