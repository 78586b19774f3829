#include "common/kv/algorithms/slot_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr int64_t kPageNumbers = int64_t{1} << 16;

}  // namespace

SlotRows::SlotRows(int64_t width)
    : width_(width),
      page_shift_(
          std::bit_width(static_cast<uint64_t>(std::max(kPageNumbers / width, int64_t{1}))) -
          1) {}

absl::Span<const float> SlotRows::row(int64_t index) const {
  return absl::Span<const float>(pages_[PageOf(index)].data() + OffsetOf(index),
                                 static_cast<size_t>(width_));
}

void SlotRows::Append(absl::Span<const float> row) {
  if (OffsetOf(rows_) == 0) pages_.emplace_back();
  pages_.back().insert(pages_.back().end(), row.begin(), row.end());
  ++rows_;
}

void SlotRows::Replace(int64_t index, absl::Span<const float> row) {
  std::copy(row.begin(), row.end(), pages_[PageOf(index)].begin() + OffsetOf(index));
}

void SlotRows::AppendSerialized(int64_t index, std::string& out) const {
  out.append(reinterpret_cast<const char*>(row(index).data()),
             static_cast<size_t>(row_bytes()));
}

absl::Status SlotRows::AppendParsed(std::string_view bytes) {
  std::vector<float> numbers(static_cast<size_t>(width_));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  if (ContentOf<float>(numbers) == RowContent::kNotFinite) {
    return absl::DataLossError(absl::StrCat("row ", rows_, " of a section is not finite"));
  }
  Append(numbers);
  return absl::OkStatus();
}

absl::Status SlotRows::AppendParsedToken(std::string_view bytes) {
  KVWIRE_RETURN_IF_ERROR(AppendParsed(bytes));
  if (ContentOf(row(rows_ - 1)) == RowContent::kFinite) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("row ", rows_ - 1, " of a section is a zero token"));
}

}  // namespace kvwire
