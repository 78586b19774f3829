#ifndef KVWIRE_COMMON_KV_NONZERO_ROWS_H_
#define KVWIRE_COMMON_KV_NONZERO_ROWS_H_

// A section of whole tokens of which none is zero, as caches keep them that count zero
// tokens and store the others. Number is float, Eigen::half or Eigen::bfloat16.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/matrix.h"
#include "common/kv/snapshot_section.h"

namespace kvwire {

// The content of rows of Number.
template <typename Number>
inline constexpr SectionContent kRowsContent = SectionContent::kRows32;
template <>
inline constexpr SectionContent kRowsContent<Eigen::half> = SectionContent::kRows16;
template <>
inline constexpr SectionContent kRowsContent<Eigen::bfloat16> = SectionContent::kRowsBf16;

// Reads the serialized row `index` of a section into `row` [2 w]. Returns DATA_LOSS if it
// is a zero token or not finite.
template <typename Number>
absl::Status ParseNonzeroRow(std::string_view bytes, int64_t index, absl::Span<Number> row);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_NONZERO_ROWS_H_
