#include "common/kv/scale_tokens.h"

#include "absl/types/span.h"
#include "common/kv/token_rows.h"

namespace kvwire {

std::vector<int64_t> AskingQueries(const TokenBlock& block, int64_t dims) {
  std::vector<int64_t> asking;
  if (block.queries == nullptr) return asking;
  for (int64_t i = 0; i < block.rows; ++i) {
    const absl::Span<const float> query(block.queries + i * dims, static_cast<size_t>(dims));
    if (ContentOf(query) != RowContent::kZero) asking.push_back(i);
  }
  return asking;
}

void ScaleTokens::Append(const TokenBlock& block, const std::vector<int64_t>& stored,
                         const std::vector<int64_t>& asking) {
  for (const int64_t i : stored) row_positions_.push_back(tokens_ + i);
  for (const int64_t i : asking) {
    const float* query = block.queries + i * dims_;
    query_positions_.push_back(tokens_ + i);
    queries_.insert(queries_.end(), query, query + dims_);
  }
  tokens_ += block.rows;
}

}  // namespace kvwire
