#ifndef KVWIRE_COMMON_ATTENTION_STREAMED_PAIRS_H_
#define KVWIRE_COMMON_ATTENTION_STREAMED_PAIRS_H_

#include "absl/types/span.h"
#include "common/attention/token_source.h"
#include "common/base/matrix.h"

namespace kvwire {

// PairAttentionWithMass (pair_attention.h) over tokens wherever they lie.
void StreamPairAttention(const Eigen::Ref<const Matrix>& queries, TokenSource first,
                         TokenSource second, Eigen::Ref<Matrix> out,
                         absl::Span<double> log_masses);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_STREAMED_PAIRS_H_
