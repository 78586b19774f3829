#include "common/attention/tensor_attention.h"

#include <cassert>
#include <cmath>
#include <vector>

#include "common/attention/streamed_pairs.h"

namespace kvwire {
namespace {

VisitedTokens Factors(const RowsView& keys, const RowsView& values, bool lasting) {
  assert(keys.outerStride() == values.outerStride());
  return {{keys.data(), values.data(), nullptr, keys.rows(), keys.outerStride()}, lasting};
}

}  // namespace

void TensorAttention(const Eigen::Ref<const Matrix>& queries, TensorBlockSource blocks,
                     // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                     int64_t zero_rows, Eigen::Ref<Matrix> out) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  const auto first_factors = [&](TokenVisitor visit) {
    blocks([&](const TensorBlock& block) {
      visit(Factors(block.first_keys, block.first_values, block.lasting));
    });
  };
  const auto second_factors = [&](TokenVisitor visit) {
    blocks([&](const TensorBlock& block) {
      visit(Factors(block.second_keys, block.second_values, block.lasting));
    });
  };
  std::vector<double> log_masses(static_cast<size_t>(queries.rows()));
  StreamPairAttention(queries, first_factors, second_factors, out, absl::MakeSpan(log_masses));
  if (zero_rows == 0) return;
  int64_t rows = 0;
  blocks([&](const TensorBlock& block) { rows += block.first_keys.rows(); });
  const double zero_pairs =
      static_cast<double>(zero_rows) * static_cast<double>(2 * rows + zero_rows);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    out.row(q) *= static_cast<float>(1 / (1 + std::exp(std::log(zero_pairs) - log_masses[q])));
  }
}

}  // namespace kvwire
