#ifndef KVWIRE_COMMON_KV_SCALE_TOKENS_H_
#define KVWIRE_COMMON_KV_SCALE_TOKENS_H_

// What an evicting cache knows of the tokens since the last scale closed, besides their
// keys and values. Positions count from the first of these tokens.

#include <cstdint>
#include <vector>

#include "common/base/matrix.h"
#include "common/kv/kv_cache.h"

namespace kvwire {

// The positions in a block of the queries [rows, d] that are not zero, increasing.
std::vector<int64_t> AskingQueries(const TokenBlock& block, int64_t dims);

class ScaleTokens {
 public:
  explicit ScaleTokens(int64_t dims) : dims_(dims) {}

  int64_t tokens() const { return tokens_; }
  // Of the tokens that are rows (not zero), increasing.
  const std::vector<int64_t>& row_positions() const { return row_positions_; }
  int64_t rows() const { return static_cast<int64_t>(row_positions_.size()); }
  // Of the queries that are not zero, increasing; empty if the policy asks for none.
  const std::vector<int64_t>& query_positions() const { return query_positions_; }
  int64_t queries() const { return static_cast<int64_t>(query_positions_.size()); }
  MatrixView Queries() const { return Queries(0); }
  // Those from the index-th on [queries() - index, d]. Valid until the next Append.
  MatrixView Queries(int64_t index) const {
    return {queries_.data() + index * dims_, queries() - index, dims_};
  }

  // Takes a block, of which the tokens `stored` are rows and the queries `asking` are kept.
  void Append(const TokenBlock& block, const std::vector<int64_t>& stored,
              const std::vector<int64_t>& asking);

 private:
  int64_t dims_;
  int64_t tokens_ = 0;
  std::vector<int64_t> row_positions_;
  std::vector<int64_t> query_positions_;
  std::vector<float> queries_;  // [queries(), d]
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SCALE_TOKENS_H_
