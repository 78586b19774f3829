#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SLOT_ROWS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SLOT_ROWS_H_

// Rows of binary32 numbers that samplers keep and replace: the slots of a reservoir. They
// are held in pages, so that growing never copies what is there, and serialized in order,
// little-endian. Const calls may run at once, others need exclusion.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace kvwire {

class SlotRows {
 public:
  explicit SlotRows(int64_t width);

  int64_t width() const { return width_; }
  int64_t rows() const { return rows_; }
  int64_t row_bytes() const { return width_ * int64_t{sizeof(float)}; }

  absl::Span<const float> row(int64_t index) const;

  void Append(absl::Span<const float> row);  // [width]
  void Replace(int64_t index, absl::Span<const float> row);

  void AppendSerialized(int64_t index, std::string& out) const;

  // Appends the row of these row_bytes() bytes. Returns DATA_LOSS on a NaN or infinity.
  absl::Status AppendParsed(std::string_view bytes);
  // The same of a token that is not zero. Returns DATA_LOSS if it is.
  absl::Status AppendParsedToken(std::string_view bytes);

 private:
  // Where a row is: the page, and the place of its first number there.
  size_t PageOf(int64_t index) const { return static_cast<size_t>(index >> page_shift_); }
  int64_t OffsetOf(int64_t index) const {
    return (index & ((int64_t{1} << page_shift_) - 1)) * width_;
  }

  int64_t width_;
  int page_shift_;  // 2^page_shift_ rows a page
  int64_t rows_ = 0;
  std::vector<std::vector<float>> pages_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SLOT_ROWS_H_
