#include "common/attention/pair_attention.h"

#include "common/attention/streamed_pairs.h"
#include "common/attention/token_source.h"

namespace kvwire {

void PairAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource first,
                           BlockSource second, Eigen::Ref<Matrix> out,
                           absl::Span<double> log_masses) {
  StreamPairAttention(
      queries, [first](TokenVisitor visitor) { VisitTokens(first, visitor); },
      [second](TokenVisitor visitor) { VisitTokens(second, visitor); }, out, log_masses);
}

}  // namespace kvwire
