#include "common/reduction/alice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

AliceTokens MakeTokens(const KeyFrame& frame, const BitVector& bits, int64_t first,
                       int64_t rows) {
  const int64_t dims = frame.dims();
  AliceTokens tokens{Matrix(rows, dims), Matrix(rows, dims), false};
  frame.Fill(first, tokens.keys);
  float* value = tokens.values.data();
  for (int64_t position = first * dims; position < (first + rows) * dims; ++position) {
    *value++ = bits.Get(position) ? 1.0f : 0.0f;
  }
  return tokens;
}

absl::Status CheckArguments(const Scales& scales, const KeyFrame& frame, const BitVector& bits,
                            int64_t rows_per_block) {
  if (frame.rows() != scales.tokens()) {
    return absl::InvalidArgumentError(absl::StrCat("alice: the key frame has ", frame.rows(),
                                                   " rows, the scales ", scales.tokens(),
                                                   " tokens"));
  }
  if (bits.size_bits() != scales.tokens() * frame.dims()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "alice: L d = ", scales.tokens(), " x ", frame.dims(), " = ",
        scales.tokens() * frame.dims(), " bits are needed, not ", bits.size_bits()));
  }
  if (rows_per_block < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("alice: a block must have at least 1 row, not ", rows_per_block));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status StreamAliceTokens(const Scales& scales, const KeyFrame& frame,
                               const BitVector& bits, int64_t rows_per_block,
                               absl::FunctionRef<absl::Status(const AliceTokens&)> sink) {
  KVWIRE_RETURN_IF_ERROR(CheckArguments(scales, frame, bits, rows_per_block));
  int64_t first = 0;
  for (size_t scale = 0; scale + 1 < scales.sides().size(); ++scale) {
    const int64_t end = first + scales.sides()[scale] * scales.sides()[scale];
    while (first < end) {
      const int64_t rows = std::min(rows_per_block, end - first);
      AliceTokens tokens = MakeTokens(frame, bits, first, rows);
      first += rows;
      tokens.closes_scale = first == end;
      KVWIRE_RETURN_IF_ERROR(sink(tokens));
    }
  }
  return absl::OkStatus();
}

}  // namespace kvwire
