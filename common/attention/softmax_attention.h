#ifndef KVWIRE_COMMON_ATTENTION_SOFTMAX_ATTENTION_H_
#define KVWIRE_COMMON_ATTENTION_SOFTMAX_ATTENTION_H_

// Softmax attention over a set of tokens that arrives in blocks:
//   out_q = sum_t w_t e^{<q, k_t>} v_t / sum_t w_t e^{<q, k_t>},  w_t = 1 as a rule
// There is no 1/sqrt(d): the papers have none, so it belongs into the query.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"

namespace kvwire {

// Consecutive tokens; the memory stays the source's.
struct KeyValueBlock {
  MatrixView keys;    // [rows, d]
  MatrixView values;  // [rows, d]
  // ln of each token's weight [rows]; null: all weigh 1.
  const float* log_weights = nullptr;
};

using BlockVisitor = absl::FunctionRef<void(const KeyValueBlock&)>;

// Calls the visitor once a block, always in the same order. It is called from
// several threads at once, so it must only read shared state. One call of
// SoftmaxAttention walks it at most 16 times, however many the queries.
using BlockSource = absl::FunctionRef<void(BlockVisitor)>;

// Writes the attention output [m, d] of `queries` [m, d] over all tokens of
// `blocks` and `zero_rows` more tokens whose key and value are zero (weight
// e^0 each, in closed form). There must be at least one token in all.
//
// Streams with a running maximum: scores are never held for more than one block.
// Weights below e^{-80} of the largest so far count as e^{-80}: that keeps sharp
// softmax out of denormal arithmetic and is invisible in float32. O(m T d) time.
// The result does not depend on the number of threads.
void SoftmaxAttention(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                      int64_t zero_rows, Eigen::Ref<Matrix> out);

// The same, to the bit, and writes ln sum_t e^{<q, k_t>} of query q to log_masses[q],
// of which there are m. With it, outputs over disjoint sets of tokens combine into
// the output over their union.
void SoftmaxAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                              int64_t zero_rows, Eigen::Ref<Matrix> out,
                              absl::Span<double> log_masses);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_SOFTMAX_ATTENTION_H_
