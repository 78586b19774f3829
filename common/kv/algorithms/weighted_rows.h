#ifndef KVWIRE_COMMON_KV_ALGORITHMS_WEIGHTED_ROWS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_WEIGHTED_ROWS_H_

// Tokens that stand for others: gathers rows, each with the logarithm of its weight, from
// wherever a state keeps them into blocks for SoftmaxAttention. How they are cut depends on
// their number alone.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"

namespace kvwire {

class WeightedRows {
 public:
  // Rows of keys and values [dims] for `visitor`, both of which must outlive it.
  WeightedRows(int64_t dims, BlockVisitor visitor);

  // Adds a row; no value stands for zeros.
  void Add(absl::Span<const float> key, absl::Span<const float> value, double log_weight);

  // Visits what was added last.
  void Finish();

 private:
  BlockVisitor visitor_;
  Matrix keys_;
  Matrix values_;
  std::vector<float> log_weights_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_WEIGHTED_ROWS_H_
