#include "common/kv/layer_pair.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/attend_rows.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

// The rows [rows, 2 d] of both layers; null stands for zeros, in both.
Matrix SideBySide(const float* lower, const float* upper, int64_t rows, int64_t dims) {
  Matrix both = Matrix::Zero(lower == nullptr && upper == nullptr ? 0 : rows, 2 * dims);
  if (lower != nullptr) both.leftCols(dims) = MatrixView(lower, rows, dims);
  if (upper != nullptr) both.rightCols(dims) = MatrixView(upper, rows, dims);
  return both;
}

const float* NumbersOf(const Matrix& rows) { return rows.rows() == 0 ? nullptr : rows.data(); }

}  // namespace

absl::StatusOr<LayerPair> LayerPair::Create(const CacheSetup& setup,
                                            std::unique_ptr<KvCache> cache) {
  if (setup.dims % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("d = ", setup.dims, " of a cache is odd: two layers have the same d"));
  }
  if (setup.attention != AttentionKind::kOrdinary) {
    return absl::InvalidArgumentError("a pair of layers has ordinary attention only");
  }
  if (cache->AsRows() == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm ", setup.spec.name(),
                     " keeps no set of tokens, of which a layer could see its half"));
  }
  return LayerPair(setup, std::move(cache));
}

LayerPair::LayerPair(const CacheSetup& setup, std::unique_ptr<KvCache> cache)
    : layer_setup_(setup), cache_(std::move(cache)), rows_(cache_->AsRows()) {
  layer_setup_.dims = setup.dims / 2;
  layer_setup_.frame.reset();
}

absl::Status LayerPair::Append(const TokenBlock& lower, const TokenBlock& upper) {
  if (lower.rows != upper.rows || lower.closes_scale != upper.closes_scale) {
    return absl::InvalidArgumentError(
        absl::StrCat("blocks of ", lower.rows, " and ", upper.rows,
                     " tokens, or of which one closes the scale, for two layers"));
  }
  if (lower.rows <= 0)
    return cache_->Append({lower.rows, nullptr, nullptr, nullptr, lower.closes_scale});
  const auto both = [&](const float* a, const float* b) {
    return SideBySide(a, b, lower.rows, dims());
  };
  const Matrix queries = both(lower.queries, upper.queries);
  const Matrix keys = both(lower.keys, upper.keys);
  const Matrix values = both(lower.values, upper.values);
  return cache_->Append({lower.rows, NumbersOf(queries), NumbersOf(keys), NumbersOf(values),
                         lower.closes_scale});
}

absl::Status LayerPair::Attend(Layer layer, const Eigen::Ref<const Matrix>& queries,
                               // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                               Eigen::Ref<Matrix> out) const {
  KVWIRE_RETURN_IF_ERROR(CheckAttend(cache_->tokens(), dims(), queries, out));
  const int64_t first = layer == Layer::kLower ? 0 : dims();
  const auto blocks = [&](BlockVisitor visitor) {
    rows_->VisitRows([&](const KeyValueBlock& block) {
      const Matrix keys = block.keys.middleCols(first, dims());
      const Matrix values = block.values.middleCols(first, dims());
      visitor({MatrixView(keys.data(), keys.rows(), dims()),
               MatrixView(values.data(), values.rows(), dims()), block.log_weights});
    });
  };
  AttendRows(layer_setup_, queries, blocks, rows_->ZeroRows(), out);
  return CheckAnswer(out);
}

}  // namespace kvwire
