#ifndef KVWIRE_COMMON_KV_ALGORITHMS_FEATURE_SUMS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_FEATURE_SUMS_H_

// Attention in constant memory: for each of m softmax features the sums z_i = sum phi_i(k)
// and S_i = sum phi_i(k) v over tokens, from which phi(q) estimates both sums of attention
// for any q, without bias. The sums are binary32 and are the state: each token is added in
// double and rounded at once, so that going on from a snapshot is going on. That costs a
// relative error of up to n 2^-24 after n tokens, far below the features' own.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/kv/algorithms/softmax_features.h"

namespace kvwire {

class FeatureSums {
 public:
  // Of no tokens: sums and features take memory with the first one.
  FeatureSums(int64_t features, int64_t dims, double scale, uint64_t seed)
      : features_(features), dims_(dims), scale_(scale), seed_(seed) {}

  // The memory of the sums, a copy of them, and the features.
  int64_t bytes() const;

  int64_t features() const { return features_; }  // m
  int64_t row_bytes() const { return (1 + dims_) * int64_t{sizeof(float)}; }
  int64_t rows() const { return static_cast<int64_t>(sums_.size()) / (1 + dims_); }  // m or 0
  absl::Span<const float> row(int64_t feature) const;  // z_i, then S_i

  // Adds a token. Returns INVALID_ARGUMENT, and is then of no more use, if a sum leaves
  // the range of binary32. O(m d).
  absl::Status Add(absl::Span<const float> key, absl::Span<const float> value);

  // Writes S / z, the attention output [m, d] of `queries` over the tokens, and ln of z, what
  // they weigh, to log_masses. Zeros and minus infinity if they weigh nothing: there are
  // none, or their keys are so long that all features round to 0.
  void Attend(const Eigen::Ref<const Matrix>& queries, Eigen::Ref<Matrix> out,
              absl::Span<double> log_masses) const;

  // Appends the next row while restoring. Returns DATA_LOSS on what cannot be sums.
  absl::Status AppendParsed(std::string_view bytes);

 private:
  void MakeMap();
  // The features as tokens: key sqrt(tau) w_i, value S_i / z_i, weight z_i. Those that weigh
  // nothing are left out.
  void Visit(BlockVisitor visitor) const;

  int64_t features_;
  int64_t dims_;
  double scale_;
  uint64_t seed_;
  std::vector<float> sums_;                     // [m, 1 + d], or none
  std::shared_ptr<const SoftmaxFeatures> map_;  // once there are sums; copies share it
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_FEATURE_SUMS_H_
