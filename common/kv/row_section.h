#ifndef KVWIRE_COMMON_KV_ROW_SECTION_H_
#define KVWIRE_COMMON_KV_ROW_SECTION_H_

// Sections of rows of one length, written and read in pieces.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/kv/kv_cache.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// Writes `rows` rows of `row_bytes` (at most kMaxPieceBytes) in full pieces;
// append_row(i, piece) adds the bytes of row i. Returns the sink's first error.
absl::Status WriteRows(int64_t rows, int64_t row_bytes, ByteSink sink,
                       absl::FunctionRef<void(int64_t, std::string&)> append_row);

// The reading side of a section of rows.
class RowSection {
 public:
  // Returns DATA_LOSS unless this is the first section, of the expected content, and
  // of whole rows.
  absl::Status Begin(SnapshotSection section, SectionContent expected, int64_t row_bytes);
  int64_t rows() const { return rows_; }  // announced

  // Calls take(bytes of the row) for each row that `piece` completes. Returns its
  // first error, or DATA_LOSS on more bytes than announced.
  using Taker = absl::FunctionRef<absl::Status(std::string_view)>;
  absl::Status Append(std::string_view piece, Taker take);

  // The same for rows that lie one behind the other: take(bytes of one or more of them).
  absl::Status AppendRuns(std::string_view piece, Taker take);

  // Returns DATA_LOSS if the section never began or bytes are missing.
  absl::Status End() const;

 private:
  bool begun_ = false;
  int64_t rows_ = 0;
  size_t row_bytes_ = 0;
  int64_t bytes_left_ = 0;
  std::string partial_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ROW_SECTION_H_
