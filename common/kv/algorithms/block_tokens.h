#ifndef KVWIRE_COMMON_KV_ALGORITHMS_BLOCK_TOKENS_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_BLOCK_TOKENS_H_

// The tokens of a block that are not zero, in order: what samplers sample from. Zero tokens
// (key and value 0) are counted instead, because their share of the softmax, e^0 and a
// value of 0, is known in closed form.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/kv/kv_cache.h"
#include "common/kv/token_rows.h"

namespace kvwire {

class BlockTokens {
 public:
  // A view of `block`, whose memory must outlive it; its keys and values are [rows, width].
  BlockTokens(const TokenBlock& block, int64_t width)
      : block_(block), width_(static_cast<size_t>(width)), zeros_(width_) {
    if (block.keys == nullptr && block.values == nullptr) return;
    for (int64_t row = 0; row < block.rows; ++row) {
      if (IsZero(block.keys, row) && IsZero(block.values, row)) continue;
      rows_.push_back(row);
    }
  }

  int64_t size() const { return static_cast<int64_t>(rows_.size()); }
  // The place of the index-th of them in the block.
  int64_t row(int64_t index) const { return rows_[static_cast<size_t>(index)]; }
  absl::Span<const float> key(int64_t index) const { return Half(block_.keys, row(index)); }
  absl::Span<const float> value(int64_t index) const {
    return Half(block_.values, row(index));
  }

 private:
  absl::Span<const float> Half(const float* half, int64_t row) const {
    if (half == nullptr) return zeros_;
    return absl::Span<const float>(half + row * static_cast<int64_t>(width_), width_);
  }
  bool IsZero(const float* half, int64_t row) const {
    return half == nullptr || ContentOf(Half(half, row)) == RowContent::kZero;
  }

  TokenBlock block_;
  size_t width_;
  std::vector<float> zeros_;
  std::vector<int64_t> rows_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_BLOCK_TOKENS_H_
