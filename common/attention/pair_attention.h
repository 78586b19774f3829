#ifndef KVWIRE_COMMON_ATTENTION_PAIR_ATTENTION_H_
#define KVWIRE_COMMON_ATTENTION_PAIR_ATTENTION_H_

// Softmax attention over all pairs of a token a of one set and a token b of another:
//   out_q = sum_{a,b} w_a w_b e^{s_ab} (v_a o v_b) / sum_{a,b} w_a w_b e^{s_ab},
//   s_ab  = <q, k_a o k_b>,   o = entrywise product
// With the two factors of the same tokens as sets it is tensor attention.
//
// The pairs are never formed: since <q, k_a o k_b> = <q o k_b, k_a>, each b is one query
// q o k_b of ordinary attention over the first set, and its outputs o_b with masses m_b
// combine into out_q = sum_b w_b m_b (o_b o v_b) / sum_b w_b m_b.

#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"

namespace kvwire {

// Writes the attention output [m, d] of `queries` [m, d] and ln sum_{a,b} w_a w_b e^{s_ab}
// of query q to log_masses[q], of which there are m. Without any pair: zeros and minus
// infinity. With R tokens in the second set, about 2^16 / d pairs (q, b) are attended at
// once: `first` is walked once for each of these times, from within a visit of `second`,
// which is walked once for each group of queries that makes so many, and once more.
//
// Weights below 2^-64 of the largest so far count as 0, as in SoftmaxAttention, for pairs
// with the same b and for sums over a. O(m |first| |second| d) time, and 2^19 bytes of
// memory besides those of SoftmaxAttention. The result does not depend on the number of
// threads.
void PairAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource first,
                           BlockSource second, Eigen::Ref<Matrix> out,
                           absl::Span<double> log_masses);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_PAIR_ATTENTION_H_
