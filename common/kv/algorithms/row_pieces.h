#ifndef KVWIRE_COMMON_KV_ALGORITHMS_ROW_PIECES_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_ROW_PIECES_H_

// Writes a section of rows that come one by one, of whatever widths up to kMaxPieceBytes
// bytes, in full pieces.

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

class RowPieces {
 public:
  explicit RowPieces(ByteSink sink) : sink_(sink) {}

  // Does nothing once the sink has failed.
  void Add(absl::Span<const float> row) {
    const size_t bytes = row.size() * sizeof(float);
    if (piece_.size() + bytes > static_cast<size_t>(kMaxPieceBytes)) Flush();
    piece_.append(reinterpret_cast<const char*>(row.data()), bytes);
  }

  // Writes what is left, and returns the sink's first error.
  absl::Status Finish() {
    Flush();
    return status_;
  }

 private:
  void Flush() {
    if (status_.ok() && !piece_.empty()) status_ = sink_(piece_);
    piece_.clear();
  }

  ByteSink sink_;
  absl::Status status_;
  std::string piece_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_ROW_PIECES_H_
