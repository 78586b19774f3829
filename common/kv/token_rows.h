#ifndef KVWIRE_COMMON_KV_TOKEN_ROWS_H_
#define KVWIRE_COMMON_KV_TOKEN_ROWS_H_

// Rows of tokens: the checks before they are taken, their storage at 32 or 16 bits
// a number, and their serialized form (a row = the w key numbers, then the w value
// numbers, little-endian; w = CacheSetup::row_width()), written and read in pieces.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

// Checks a block that follows `tokens` tokens for what every algorithm refuses:
// INVALID_ARGUMENT on rows < 0, a NaN or an infinity, RESOURCE_EXHAUSTED on more
// than kMaxCacheTokens in all.
absl::Status CheckBlock(const TokenBlock& block, const CacheSetup& setup, int64_t tokens);

// Checks the arguments of KvCache::Attend, as documented there.
absl::Status CheckAttend(int64_t tokens, int64_t dims, const Eigen::Ref<const Matrix>& queries,
                         const Eigen::Ref<Matrix>& out);

// a * b, or the largest int64_t where that is smaller. a, b >= 0.
int64_t SaturatingProduct(int64_t a, int64_t b);

int64_t SaturatingSum(int64_t a, int64_t b);  // likewise

// The bytes that hold `bits` >= 0; the largest int64_t of itself.
int64_t WholeBytes(int64_t bits);

// Returns RESOURCE_EXHAUSTED, naming both, if needed_bytes is over the limit or
// saturated.
absl::Status CheckMemory(int64_t needed_bytes, int64_t limit_bytes);

// What a row holds. Negative zeros are zeros.
enum class RowContent { kZero, kFinite, kNotFinite };

// From here on Number is float, Eigen::half or Eigen::bfloat16.
template <typename Number>
RowContent ContentOf(absl::Span<const Number> row);

// Writes row `row` of a block, rounded to Number, into `out` [2 w].
template <typename Number>
void LoadRow(const TokenBlock& block, int64_t row, int64_t width, absl::Span<Number> out);

// A sequence of rows in blocks of bounded size: growing never copies what is there.
template <typename Number>
class TokenRows {
 public:
  explicit TokenRows(int64_t width);

  static int64_t RowBytes(int64_t width) { return 2 * width * int64_t{sizeof(Number)}; }
  int64_t rows() const { return rows_; }

  void Append(absl::Span<const Number> row);  // [2 w]
  void DropFront(int64_t count);              // 0 <= count <= rows()

  // Visits all rows as float32 blocks, for SoftmaxAttention. How the rows are cut
  // into blocks depends on rows() alone, never on what was dropped before: equal
  // rows give equal attention, to the bit.
  void VisitBlocks(BlockVisitor visitor) const;

  // Writes rows first .. first + keys.rows() - 1 into `keys` and `values` [count, w].
  void CopyRows(int64_t first, Eigen::Ref<Matrix> keys, Eigen::Ref<Matrix> values) const;

  void AppendSerialized(int64_t row, std::string& out) const;

 private:
  // Aligned as Eigen likes it: the order of its sums can depend on the alignment.
  using Numbers = std::vector<Number, Eigen::aligned_allocator<Number>>;
  struct Block {
    Numbers keys;    // [up to block_rows_, w]
    Numbers values;  // the same
  };

  int64_t width_;
  int64_t block_rows_;
  int64_t rows_ = 0;
  int64_t dropped_ = 0;  // rows of the first block that are no more
  std::deque<Block> blocks_;
};

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
  absl::Status Append(std::string_view piece,
                      absl::FunctionRef<absl::Status(std::string_view)> take);

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

#endif  // KVWIRE_COMMON_KV_TOKEN_ROWS_H_
