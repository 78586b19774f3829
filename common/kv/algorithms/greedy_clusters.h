#ifndef KVWIRE_COMMON_KV_ALGORITHMS_GREEDY_CLUSTERS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_GREEDY_CLUSTERS_H_

// SubGen's clusters of keys (Zandieh, Han, Mirrokni, Karbasi 2024): a key joins the cluster
// whose centre, its first key, is nearest, or opens one if none is within delta. Centres
// are farther than delta apart. So where the keys are (m, delta)-clusterable (any two keys
// of a cluster within delta), at most m clusters are opened, each of diameter up to 2 delta.
//
// With a cap of m' clusters, keys that find all m' open join the nearest however far it is.
// Memory is then bounded whatever the keys, and what SubGen guarantees no longer holds.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/slot_rows.h"

namespace kvwire {

class GreedyClusters {
 public:
  // Keys in R^dims; `cap` clusters at most, 0 for no cap.
  GreedyClusters(int64_t dims, double delta, int64_t cap);

  int64_t size() const { return static_cast<int64_t>(counts_.size()); }
  int64_t count(int64_t cluster) const { return counts_[static_cast<size_t>(cluster)]; }
  const std::vector<int64_t>& counts() const { return counts_; }  // of keys
  int64_t keys() const { return keys_; }                          // in all
  const SlotRows& centres() const { return centres_; }            // [size(), dims]

  // The most clusters there can be of so many keys.
  int64_t MostClusters(int64_t keys) const;

  // Where keys go that come one after the other: changes nothing, so that a caller can
  // count what they will need before any is taken in.
  struct Plan {
    std::vector<int64_t> cluster_of;  // of each key; a new one has the next free number
    int64_t clusters = 0;             // that there will be
  };
  // Keys are numbers first .. first + dims - 1 of the tokens' keys; ties go to the older
  // cluster. O(rows clusters dims).
  Plan PlanKeys(const BlockTokens& tokens, int64_t first = 0) const;

  // Puts a key where the plan says: into a cluster, or into a new one if that is the next.
  void Add(int64_t cluster, absl::Span<const float> key);

  // For restoring: the counts of all clusters, whose centres are then appended in order.
  void SetCounts(std::vector<int64_t> counts);
  SlotRows& restored_centres() { return centres_; }

 private:
  int64_t dims_;
  double squared_delta_;
  int64_t cap_;
  int64_t keys_ = 0;
  std::vector<int64_t> counts_;
  SlotRows centres_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_GREEDY_CLUSTERS_H_
