#include "common/kv/row_section.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {

absl::Status WriteRows(int64_t rows, int64_t row_bytes, ByteSink sink,
                       absl::FunctionRef<void(int64_t, std::string&)> append_row) {
  std::string piece;
  for (int64_t row = 0; row < rows; ++row) {
    append_row(row, piece);
    if (row + 1 < rows && static_cast<int64_t>(piece.size()) + row_bytes <= kMaxPieceBytes) {
      continue;
    }
    KVWIRE_RETURN_IF_ERROR(sink(piece));
    piece.clear();
  }
  return absl::OkStatus();
}

absl::Status RowSection::Begin(SnapshotSection section, SectionContent expected,
                               int64_t row_bytes) {
  if (begun_ || section.content != expected) {
    return absl::DataLossError(absl::StrCat("a section of ",
                                            std::string(SectionContentName(section.content)),
                                            " where none of that kind is due"));
  }
  if (section.bits < 0 || section.bits % (8 * row_bytes) != 0) {
    return absl::DataLossError(absl::StrCat("a section of ", section.bits,
                                            " bits does not hold whole rows of ", row_bytes,
                                            " bytes"));
  }
  begun_ = true;
  rows_ = section.bytes() / row_bytes;
  row_bytes_ = static_cast<size_t>(row_bytes);
  bytes_left_ = section.bytes();
  return absl::OkStatus();
}

absl::Status RowSection::AppendRuns(std::string_view piece, Taker take) {
  if (static_cast<int64_t>(piece.size()) > bytes_left_) {
    return absl::DataLossError("a section is longer than announced");
  }
  bytes_left_ -= static_cast<int64_t>(piece.size());
  while (!piece.empty()) {
    if (partial_.empty() && piece.size() >= row_bytes_) {
      const std::string_view whole = piece.substr(0, piece.size() / row_bytes_ * row_bytes_);
      KVWIRE_RETURN_IF_ERROR(take(whole));
      piece.remove_prefix(whole.size());
      continue;
    }
    const size_t count = std::min(row_bytes_ - partial_.size(), piece.size());
    partial_.append(piece.substr(0, count));
    piece.remove_prefix(count);
    if (partial_.size() < row_bytes_) continue;
    KVWIRE_RETURN_IF_ERROR(take(partial_));
    partial_.clear();
  }
  return absl::OkStatus();
}

absl::Status RowSection::Append(std::string_view piece, Taker take) {
  return AppendRuns(piece, [&](std::string_view rows) {
    for (; !rows.empty(); rows.remove_prefix(row_bytes_)) {
      KVWIRE_RETURN_IF_ERROR(take(rows.substr(0, row_bytes_)));
    }
    return absl::OkStatus();
  });
}

absl::Status RowSection::End() const {
  if (begun_ && bytes_left_ == 0) return absl::OkStatus();
  return absl::DataLossError(begun_ ? "a section is shorter than announced"
                                    : "the section of tokens is missing");
}

}  // namespace kvwire
