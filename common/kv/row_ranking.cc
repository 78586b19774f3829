#include "common/kv/row_ranking.h"

#include <algorithm>
#include <numeric>

namespace kvwire {

std::vector<int64_t> LargestScores(absl::Span<const double> scores, int64_t count) {
  std::vector<int64_t> rows(scores.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto better = [&scores](int64_t a, int64_t b) {
    const double first = scores[static_cast<size_t>(a)];
    const double second = scores[static_cast<size_t>(b)];
    return first != second ? first > second : a < b;
  };
  std::nth_element(rows.begin(), rows.begin() + count, rows.end(), better);
  rows.resize(static_cast<size_t>(count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<double> PooledScores(absl::Span<const double> scores, int64_t kernel,
                                 Pooling pooling) {
  const auto size = static_cast<int64_t>(scores.size());
  std::vector<double> pooled(scores.size());
  for (int64_t i = 0; i < size; ++i) {
    const double* begin = scores.data() + std::max(int64_t{0}, i - kernel / 2);
    const double* end = scores.data() + std::min(size, i + kernel / 2 + 1);
    pooled[static_cast<size_t>(i)] = pooling == Pooling::kMax
                                         ? *std::max_element(begin, end)
                                         : std::accumulate(begin, end, 0.0);
  }
  return pooled;
}

}  // namespace kvwire
