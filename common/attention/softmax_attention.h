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
  // The memory outlives the call of attention. A source all of whose blocks say so is walked
  // once, and nothing is copied.
  bool lasting = false;
};

using BlockVisitor = absl::FunctionRef<void(const KeyValueBlock&)>;

// Calls the visitor once a block, always in the same order. One call of SoftmaxAttention
// walks it once for each 1 MiB a thread of queries and outputs, one walk after the other.
using BlockSource = absl::FunctionRef<void(BlockVisitor)>;

// Writes the attention output [m, d] of `queries` [m, d] over all tokens of
// `blocks` and `zero_rows` more tokens whose key and value are zero (weight
// e^0 each, in closed form). There must be at least one token in all.
//
// Streams with a running maximum: scores are never held for more than a tile of 128 keys,
// and 1 MiB a thread is all that is held besides the arguments (more only where one vector
// of queries takes more, d > 4096 or so). Weights below 2^-64 of the largest so far count as
// 0: that keeps sharp softmax out of denormal arithmetic and is invisible in float32.
// O(m T d) time. The bits of the output of a query depend on the tokens, on how they are cut
// into blocks, and on whether the machine fuses multiply-add; not on the other queries, the
// number of threads, or the width of its vectors (kernel/attention_kernel.h).
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
