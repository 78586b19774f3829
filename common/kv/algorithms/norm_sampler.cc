#include "common/kv/algorithms/norm_sampler.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/portable_sums.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// 2^53 tokens of 2^16 numbers, each below 2^128.
constexpr double kMostNormSum = 0x1p325;

}  // namespace

NormSampler::NormSampler(int64_t slots, int64_t dims, uint64_t seed, uint64_t use)
    : slots_(slots), dims_(dims), randomness_(seed, use), rows_(2 * dims) {}

void NormSampler::Take(int64_t token, absl::Span<const float> key,
                       absl::Span<const float> value) {
  const double squared_norm = PortableSquaredNorm(value);
  if (squared_norm == 0) return;
  norm_sum_ += squared_norm;
  std::vector<float> row(key.begin(), key.end());
  row.insert(row.end(), value.begin(), value.end());
  if (rows_.rows() == 0) {
    for (int64_t slot = 0; slot < slots_; ++slot) rows_.Append(row);
    return;
  }
  const double probability = squared_norm / norm_sum_;
  for (int64_t slot = 0; slot < slots_; ++slot) {
    if (randomness_.Uniform(token, slot) < probability) rows_.Replace(slot, row);
  }
}

absl::Span<const float> NormSampler::key(int64_t slot) const {
  return rows_.row(slot).first(dims_);
}

absl::Span<const float> NormSampler::value(int64_t slot) const {
  return rows_.row(slot).last(dims_);
}

double NormSampler::LogWeight(int64_t slot) const {
  return std::log(norm_sum_) - std::log(static_cast<double>(slots_)) -
         std::log(PortableSquaredNorm(value(slot)));
}

absl::Status NormSampler::RestoreNormSum(double norm_sum) {
  if (!(norm_sum > 0 && norm_sum <= kMostNormSum)) {
    return absl::DataLossError(absl::StrCat("a sum of squared norms of ", norm_sum));
  }
  norm_sum_ = norm_sum;
  return absl::OkStatus();
}

absl::Status NormSampler::RestoreRow(std::string_view bytes) {
  KVWIRE_RETURN_IF_ERROR(rows_.AppendParsed(bytes));
  const double squared_norm = PortableSquaredNorm(value(rows_.rows() - 1));
  if (squared_norm > 0 && squared_norm <= norm_sum_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("slot ", rows_.rows() - 1,
                                          " holds a value of squared norm ", squared_norm,
                                          ", the sum is ", norm_sum_));
}

}  // namespace kvwire
