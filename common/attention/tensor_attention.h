#ifndef KVWIRE_COMMON_ATTENTION_TENSOR_ATTENTION_H_
#define KVWIRE_COMMON_ATTENTION_TENSOR_ATTENTION_H_

// Tensor attention with four cache matrices (tensor paper, Definitions 3.6 and 3.7).
// A token leaves two keys and two values, and a query attends over all pairs (a, b)
// of tokens, a = b included:
//   out_q = sum_{a,b} e^{s_ab} (v1_a o v2_b) / sum_{a,b} e^{s_ab},
//   s_ab  = <q, k1_a o k2_b>,   o = entrywise product
//
// The paper forms the R^2 rows k1_a o k2_b. They are never needed: since
// <q, k1_a o k2_b> = <q o k2_b, k1_a>, each b is one query q o k2_b of ordinary
// attention over (k1, v1), and its outputs o_b with masses m_b combine into
// out_q = sum_b m_b (o_b o v2_b) / sum_b m_b.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "common/base/matrix.h"

namespace kvwire {

// Consecutive tokens, each matrix [rows, d]; the memory stays the source's. A key and its
// value are as far from the next as one another.
struct TensorBlock {
  RowsView first_keys;     // k1
  RowsView second_keys;    // k2
  RowsView first_values;   // v1
  RowsView second_values;  // v2
  bool lasting = false;    // as of KeyValueBlock
};

using TensorBlockVisitor = absl::FunctionRef<void(const TensorBlock&)>;

// Calls the visitor once a block, always in the same order. It is called again from within
// a visit. One call of TensorAttention over m queries and R tokens walks it about
// 3 + m R d / 2^16 times.
using TensorBlockSource = absl::FunctionRef<void(TensorBlockVisitor)>;

// Writes the attention output [m, d] of `queries` [m, d] over all pairs of the R
// tokens of `blocks` and `zero_rows` more tokens Z, all of whose keys and values are
// zero: the Z (2 R + Z) pairs with one of those score 0 and add only mass, in closed
// form. There must be at least one token in all.
//
// Weights below 2^-64 of the largest so far count as 0, as in SoftmaxAttention, for pairs
// with the same b and for sums over a. O(m R^2 d) time: 2 R^2 d + 2 R d multiplications a
// query. Memory as PairAttentionWithMass. The result does not depend on the number of
// threads.
void TensorAttention(const Eigen::Ref<const Matrix>& queries, TensorBlockSource blocks,
                     int64_t zero_rows, Eigen::Ref<Matrix> out);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_TENSOR_ATTENTION_H_
