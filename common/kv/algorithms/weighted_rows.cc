#include "common/kv/algorithms/weighted_rows.h"

#include <algorithm>

namespace kvwire {
namespace {

// Enough for matrix products, few enough to stay in a cache.
constexpr int64_t kBlockNumbers = int64_t{1} << 16;
constexpr int64_t kMostBlockRows = 1024;

}  // namespace

WeightedRows::WeightedRows(int64_t dims, BlockVisitor visitor) : visitor_(visitor) {
  const int64_t rows = std::clamp(kBlockNumbers / dims, int64_t{1}, kMostBlockRows);
  keys_.resize(rows, dims);
  values_.resize(rows, dims);
  log_weights_.reserve(static_cast<size_t>(rows));
}

void WeightedRows::Add(absl::Span<const float> key, absl::Span<const float> value,
                       double log_weight) {
  const auto row = static_cast<int64_t>(log_weights_.size());
  std::copy(key.begin(), key.end(), keys_.row(row).data());
  if (value.empty()) {
    values_.row(row).setZero();
  } else {
    std::copy(value.begin(), value.end(), values_.row(row).data());
  }
  log_weights_.push_back(static_cast<float>(log_weight));
  if (row + 1 == keys_.rows()) Finish();
}

void WeightedRows::Finish() {
  const auto rows = static_cast<int64_t>(log_weights_.size());
  if (rows == 0) return;
  visitor_({MatrixView(keys_.data(), rows, keys_.cols()),
            MatrixView(values_.data(), rows, values_.cols()), log_weights_.data()});
  log_weights_.clear();
}

}  // namespace kvwire
