#include "common/kv/attend_rows.h"

#include "common/attention/tensor_attention.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

MatrixView ViewOf(const Matrix& matrix) {
  return MatrixView(matrix.data(), matrix.rows(), matrix.cols());
}

// The two factors of each row apart. The copy is small beside the products that each
// visited block is for.
void VisitFactors(const KeyValueBlock& block, TensorBlockVisitor visitor) {
  const int64_t dims = block.keys.cols() / 2;
  const Matrix first_keys = block.keys.leftCols(dims);
  const Matrix second_keys = block.keys.rightCols(dims);
  const Matrix first_values = block.values.leftCols(dims);
  const Matrix second_values = block.values.rightCols(dims);
  visitor(
      {ViewOf(first_keys), ViewOf(second_keys), ViewOf(first_values), ViewOf(second_values)});
}

void AttendScaled(const CacheSetup& setup, const Eigen::Ref<const Matrix>& queries,
                  BlockSource blocks, int64_t zero_rows, Eigen::Ref<Matrix> out) {
  if (setup.attention == AttentionKind::kOrdinary) {
    SoftmaxAttention(queries, blocks, zero_rows, out);
    return;
  }
  const auto factors = [&blocks](TensorBlockVisitor visitor) {
    blocks([&visitor](const KeyValueBlock& block) { VisitFactors(block, visitor); });
  };
  TensorAttention(queries, factors, zero_rows, out);
}

}  // namespace

void AttendRows(const CacheSetup& setup, const Eigen::Ref<const Matrix>& queries,
                BlockSource blocks, int64_t zero_rows,
                // A view, and written to. NOLINTNEXTLINE(performance-unnecessary-value-param)
                Eigen::Ref<Matrix> out) {
  // The registry has checked the option.
  const auto scale = static_cast<float>(ScoreScale(setup.spec, setup.dims).value_or(1));
  if (scale == 1) {
    AttendScaled(setup, queries, blocks, zero_rows, out);
  } else {
    AttendScaled(setup, queries * scale, blocks, zero_rows, out);
  }
}

}  // namespace kvwire
