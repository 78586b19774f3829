#include "common/attention/softmax_attention.h"

#include <cassert>

#include "common/attention/streamed_attention.h"
#include "common/attention/token_source.h"

namespace kvwire {

void SoftmaxAttention(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                      int64_t zero_rows, Eigen::Ref<Matrix> out) {
  StreamAttention(queries, [blocks](TokenVisitor visitor) { VisitTokens(blocks, visitor); },
                  zero_rows, out, {});
}

void SoftmaxAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                              int64_t zero_rows, Eigen::Ref<Matrix> out,
                              absl::Span<double> log_masses) {
  assert(static_cast<int64_t>(log_masses.size()) == queries.rows());
  QueryMasses masses(queries.rows());
  StreamAttention(
      queries, [blocks](TokenVisitor visitor) { VisitTokens(blocks, visitor); }, zero_rows,
      out, masses.views());
  for (int64_t q = 0; q < queries.rows(); ++q) log_masses[q] = masses.LogMass(q);
}

}  // namespace kvwire
