#ifndef KVWIRE_COMMON_KV_ROW_CONTENT_H_
#define KVWIRE_COMMON_KV_ROW_CONTENT_H_

// What the numbers of a row are, and rounding rows to fewer bits, at the speed of memory.
// Number is float, Eigen::half or Eigen::bfloat16.

#include <algorithm>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/matrix.h"

namespace kvwire {

// What a row holds. Negative zeros are zeros.
enum class RowContent { kZero, kFinite, kNotFinite };

// What two parts of a row hold together.
constexpr RowContent WholeContent(RowContent one, RowContent other) {
  return std::max(one, other);
}

template <typename Number>
RowContent ContentOf(absl::Span<const Number> row);

// Whether each number is smaller than `limit`, a positive one, in size; NaN is not.
bool AllSmaller(absl::Span<const float> row, float limit);

// Where copies go: to the caches, or past them to memory. The latter suits what is larger than
// these: its place would be read before it is overwritten. Machines without SSE2, and rows
// that do not lie on whole vectors, go through the caches in any case.
enum class CopyTo { kCaches, kMemory };

// Reads rows, a key and a value [w] each, from `bytes`, as they are in a section, to `keys`
// and `values` [contents.size(), w], and what each holds to `contents`.
template <typename Number>
void CopyRows(const char* bytes, int64_t width, CopyTo where, Number* keys, Number* values,
              absl::Span<RowContent> contents);

// Writes `row`, each number rounded to the nearest Number, of two the even one, to `out`
// [row.size()], and returns what that holds.
template <typename Number>
RowContent RoundRow(absl::Span<const float> row, Number* out);

// Writes the numbers of `row`, which binary32 all has, to `out` [row.size()].
void WidenRow(absl::Span<const Eigen::half> row, float* out);
void WidenRow(absl::Span<const float> row, float* out);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ROW_CONTENT_H_
