#include "common/kv/row_cache.h"

#include "common/base/status_macros.h"
#include "common/kv/attend_rows.h"
#include "common/kv/token_rows.h"

namespace kvwire {

absl::Status RowCache::Attend(const Eigen::Ref<const Matrix>& queries,
                              // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                              Eigen::Ref<Matrix> out) const {
  KVWIRE_RETURN_IF_ERROR(CheckAttend(tokens(), setup_.dims, queries, out));
  AttendRows(
      setup_, queries, [this](BlockVisitor visitor) { VisitRows(visitor); }, ZeroRows(), out);
  return CheckAnswer(out);
}

int64_t RowCache::PeakBytes(int64_t rows) const {
  return SaturatingProduct(rows, 2 * width() * int64_t{sizeof(float)});
}

}  // namespace kvwire
