#include "common/kv/nonzero_rows.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/kv/token_rows.h"

namespace kvwire {

template <typename Number>
absl::StatusOr<int64_t> CountNonzeroRows(const TokenBlock& block, int64_t width,
                                         int64_t first_token) {
  if (block.keys == nullptr && block.values == nullptr) return 0;
  std::vector<Number> row(2 * width);
  int64_t stored = 0;
  for (int64_t i = 0; i < block.rows; ++i) {
    LoadRow<Number>(block, i, width, absl::MakeSpan(row));
    const RowContent content = ContentOf<Number>(row);
    if (content == RowContent::kNotFinite) {
      return absl::InvalidArgumentError(absl::StrCat("token ", first_token + i, " overflows ",
                                                     8 * sizeof(Number), " bits a number"));
    }
    stored += content == RowContent::kFinite;
  }
  return stored;
}

template <typename Number>
absl::Status ParseNonzeroRow(std::string_view bytes, int64_t index, absl::Span<Number> row) {
  std::memcpy(row.data(), bytes.data(), bytes.size());
  if (ContentOf<Number>(row) == RowContent::kFinite) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("row ", index, " is zero or not finite"));
}

template absl::StatusOr<int64_t> CountNonzeroRows<float>(const TokenBlock&, int64_t, int64_t);
template absl::StatusOr<int64_t> CountNonzeroRows<Eigen::half>(const TokenBlock&, int64_t,
                                                               int64_t);
template absl::StatusOr<int64_t> CountNonzeroRows<Eigen::bfloat16>(const TokenBlock&, int64_t,
                                                                   int64_t);
template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<float>);
template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<Eigen::half>);
template absl::Status ParseNonzeroRow(std::string_view, int64_t, absl::Span<Eigen::bfloat16>);

}  // namespace kvwire
