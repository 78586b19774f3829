#ifndef KVWIRE_COMMON_KV_ALGORITHMS_RECENT_ROWS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_RECENT_ROWS_H_

// A window of the last rows of binary32 numbers, in a ring.

#include <cstdint>

#include "absl/types/span.h"
#include "common/kv/algorithms/slot_rows.h"

namespace kvwire {

class RecentRows {
 public:
  // The last `capacity` >= 0 rows of `width` numbers.
  RecentRows(int64_t capacity, int64_t width) : capacity_(capacity), ring_(width) {}

  int64_t rows() const { return ring_.rows(); }
  int64_t row_bytes() const { return ring_.row_bytes(); }
  bool full() const { return rows() == capacity_; }

  // The index-th oldest, 0 <= index < rows().
  absl::Span<const float> row(int64_t index) const { return ring_.row(PlaceOf(index)); }

  // Adds the newest row; if the window is full, the oldest is gone. Nothing if capacity is 0.
  void Push(absl::Span<const float> row) {
    if (!full()) {
      ring_.Append(row);
    } else if (capacity_ > 0) {
      ring_.Replace(oldest_, row);
      oldest_ = (oldest_ + 1) % capacity_;
    }
  }

 private:
  int64_t PlaceOf(int64_t index) const { return (oldest_ + index) % rows(); }

  int64_t capacity_;
  SlotRows ring_;
  int64_t oldest_ = 0;  // its place once the window is full
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_RECENT_ROWS_H_
