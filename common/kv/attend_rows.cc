#include "common/kv/attend_rows.h"

#include "common/attention/tensor_attention.h"
#include "common/kv/score_scale.h"

namespace kvwire {
namespace {

// The two factors of each row apart.
void VisitFactors(const KeyValueBlock& block, TensorBlockVisitor visitor) {
  const int64_t dims = block.keys.cols() / 2;
  const auto half = [&](const MatrixView& rows, int64_t first) {
    return RowsView(rows.data() + first, rows.rows(), dims, Eigen::OuterStride<>(2 * dims));
  };
  visitor({half(block.keys, 0), half(block.keys, dims), half(block.values, 0),
           half(block.values, dims), block.lasting});
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
