#ifndef KVWIRE_COMMON_KV_TOKEN_ROWS_H_
#define KVWIRE_COMMON_KV_TOKEN_ROWS_H_

// Rows of tokens: the checks before they are taken, their storage at 32 or 16 bits
// a number, and their serialized form (a row = the w key numbers, then the w value
// numbers, little-endian; w = CacheSetup::row_width()).

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/attention/softmax_attention.h"
#include "common/base/matrix.h"
#include "common/kv/kv_cache.h"
#include "common/kv/row_content.h"
#include "common/kv/row_section.h"
#include "common/kv/unwritten_allocator.h"

namespace kvwire {

// Checks a block that follows `tokens` tokens for what every algorithm refuses:
// INVALID_ARGUMENT on rows < 0, a NaN or an infinity, RESOURCE_EXHAUSTED on more
// than kMaxCacheTokens in all.
absl::Status CheckBlock(const TokenBlock& block, const CacheSetup& setup, int64_t tokens);

// The part of it that looks at no key or value.
absl::Status CheckQueries(const TokenBlock& block, const CacheSetup& setup, int64_t tokens);

// Checks the arguments of KvCache::Attend, as documented there.
absl::Status CheckAttend(int64_t tokens, int64_t dims, const Eigen::Ref<const Matrix>& queries,
                         const Eigen::Ref<Matrix>& out);

// OUT_OF_RANGE if the answer that Attend is about to give holds a NaN or an infinity.
absl::Status CheckAnswer(const Eigen::Ref<const Matrix>& out);

// a * b, or the largest int64_t where that is smaller. a, b >= 0.
int64_t SaturatingProduct(int64_t a, int64_t b);

int64_t SaturatingSum(int64_t a, int64_t b);  // likewise

// The bytes that hold `bits` >= 0; the largest int64_t of itself.
int64_t WholeBytes(int64_t bits);

// Returns RESOURCE_EXHAUSTED, naming both, if needed_bytes is over the limit or
// saturated.
absl::Status CheckMemory(int64_t needed_bytes, int64_t limit_bytes);

// From here on Number is float, Eigen::half or Eigen::bfloat16.

// Writes row `row` of a block, rounded to Number, into `key` [w] and `value` [w], and returns
// what it holds then.
template <typename Number>
RowContent LoadRow(const TokenBlock& block, int64_t row, int64_t width, Number* key,
                   Number* value);

// The same into `out` [2 w].
template <typename Number>
void LoadRow(const TokenBlock& block, int64_t row, int64_t width, absl::Span<Number> out) {
  LoadRow(block, row, width, out.data(), out.data() + width);
}

// The rows of a finite block that are not zero once rounded to Number, increasing.
// Returns INVALID_ARGUMENT if one overflows Number, naming it after the `tokens` before.
template <typename Number>
absl::StatusOr<std::vector<int64_t>> StoredRows(const TokenBlock& block, int64_t width,
                                                int64_t tokens);

// A sequence of rows in blocks of bounded size: growing never copies what is there.
template <typename Number>
class TokenRows {
 public:
  explicit TokenRows(int64_t width);

  static int64_t RowBytes(int64_t width) { return 2 * width * int64_t{sizeof(Number)}; }
  int64_t rows() const { return rows_; }

  void Append(absl::Span<const Number> row);  // [2 w]

  // Appends those of `count` rows that `write` does not find to be zero, in order:
  // write(first, keys, values, contents) writes rows first .. first + contents.size() - 1,
  // their halves [contents.size(), w], and what each of them holds, which several threads do
  // for several rows at once. If one is not finite, nothing is appended. Returns whether all
  // were finite.
  using RowsWriter = absl::FunctionRef<void(int64_t first, Number* keys, Number* values,
                                            absl::Span<RowContent> contents)>;
  bool AppendWritten(int64_t count, RowsWriter write);

  void DropFront(int64_t count);  // 0 <= count <= rows()

  // Keeps the rows `survivors`, increasing indices below rows(), in place and in order.
  // O(rows w); memory that is no longer needed is freed by the block.
  void KeepRows(absl::Span<const int64_t> survivors);

  // Visits all rows as float32 blocks, for SoftmaxAttention. How the rows are cut
  // into blocks depends on rows() alone, never on what was dropped before: equal
  // rows give equal attention, to the bit.
  void VisitBlocks(BlockVisitor visitor) const;

  // Writes rows first .. first + keys.rows() - 1 into `keys` and `values` [count, w].
  void CopyRows(int64_t first, Eigen::Ref<Matrix> keys, Eigen::Ref<Matrix> values) const;

  void AppendSerialized(int64_t row, std::string& out) const;

 private:
  using Numbers = std::vector<Number, UnwrittenAllocator<Number>>;
  struct Block {
    Numbers keys;    // [up to block_rows_, w]
    Numbers values;  // the same
  };

  Number* KeyAt(int64_t row);
  Number* ValueAt(int64_t row);
  // Sets rows(), with memory for all of them, those that are new unwritten, and at most one
  // block more.
  void Resize(int64_t rows);
  void ResizeBlock(size_t index, int64_t rows);
  void MoveRow(int64_t from, int64_t to);

  int64_t width_;
  int64_t block_rows_;
  int64_t rows_ = 0;
  int64_t dropped_ = 0;  // rows of the first block that are no more
  std::deque<Block> blocks_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_TOKEN_ROWS_H_
