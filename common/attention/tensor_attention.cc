#include "common/attention/tensor_attention.h"

#include <cassert>
#include <cmath>
#include <vector>

#include "common/attention/pair_attention.h"

namespace kvwire {

void TensorAttention(const Eigen::Ref<const Matrix>& queries, TensorBlockSource blocks,
                     // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                     int64_t zero_rows, Eigen::Ref<Matrix> out) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  int64_t rows = 0;
  blocks([&](const TensorBlock& block) { rows += block.first_keys.rows(); });
  const auto first_factors = [&](BlockVisitor visit) {
    blocks([&](const TensorBlock& block) { visit({block.first_keys, block.first_values}); });
  };
  const auto second_factors = [&](BlockVisitor visit) {
    blocks([&](const TensorBlock& block) { visit({block.second_keys, block.second_values}); });
  };
  std::vector<double> log_masses(static_cast<size_t>(queries.rows()));
  PairAttentionWithMass(queries, first_factors, second_factors, out,
                        absl::MakeSpan(log_masses));
  if (zero_rows == 0) return;
  const double zero_pairs =
      static_cast<double>(zero_rows) * static_cast<double>(2 * rows + zero_rows);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    out.row(q) *= static_cast<float>(1 / (1 + std::exp(std::log(zero_pairs) - log_masses[q])));
  }
}

}  // namespace kvwire
