#include "common/kv/nonzero_rows.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/kv/token_rows.h"

namespace kvwire {

template <typename Number>
absl::Status ParseNonzeroRow(std::string_view bytes, int64_t index, absl::Span<Number> row) {
  std::memcpy(row.data(), bytes.data(), bytes.size());
  const RowContent content = ContentOf<Number>(row);
  if (content == RowContent::kFinite) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "row ", index, content == RowContent::kZero ? " is a zero token" : " is not finite"));
}

template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<float>);
template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<Eigen::half>);
template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<Eigen::bfloat16>);

}  // namespace kvwire
