#include "common/kv/algorithms/feature_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/kv/algorithms/weighted_rows.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr double kLargestNumber = std::numeric_limits<float>::max();

}  // namespace

int64_t FeatureSums::bytes() const {
  return SaturatingProduct(features_, 2 * row_bytes() + dims_ * int64_t{sizeof(float)});
}

absl::Span<const float> FeatureSums::row(int64_t feature) const {
  return absl::Span<const float>(sums_.data() + feature * (1 + dims_),
                                 static_cast<size_t>(1 + dims_));
}

void FeatureSums::MakeMap() {
  if (map_ != nullptr) return;
  map_ = std::make_shared<const SoftmaxFeatures>(features_, dims_, scale_, seed_);
}

absl::Status FeatureSums::Add(absl::Span<const float> key, absl::Span<const float> value) {
  MakeMap();
  sums_.resize(static_cast<size_t>(features_ * (1 + dims_)));
  bool finite = true;
  float* sum = sums_.data();
  for (const float feature : map_->Of(key)) {
    *sum = static_cast<float>(double{*sum} + double{feature});
    finite &= std::isfinite(*sum++);
    for (const float number : value) {
      // What underflows from below is no negative zero: equal states have equal bytes.
      *sum = static_cast<float>(double{*sum} + double{feature} * double{number}) + 0.0F;
      finite &= std::isfinite(*sum++);
    }
  }
  if (finite) return absl::OkStatus();
  return absl::InvalidArgumentError("a sum of features is beyond the range of binary32");
}

void FeatureSums::Visit(BlockVisitor visitor) const {
  WeightedRows weighted(dims_, visitor);
  std::vector<float> value(static_cast<size_t>(dims_));
  for (int64_t i = 0; i < rows(); ++i) {
    const float* sum = row(i).data();
    const double mass = *sum++;
    if (mass == 0) continue;
    for (float& number : value) {
      number = static_cast<float>(std::clamp(*sum++ / mass, -kLargestNumber, kLargestNumber));
    }
    weighted.Add(map_->direction(i), value, std::log(mass));
  }
  weighted.Finish();
}

void FeatureSums::Attend(const Eigen::Ref<const Matrix>& queries,
                         // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                         Eigen::Ref<Matrix> out, absl::Span<double> log_masses) const {
  bool any = false;
  for (int64_t i = 0; i < rows(); ++i) any |= row(i).front() > 0;
  if (!any) {
    out.setZero();
    std::fill(log_masses.begin(), log_masses.end(), -std::numeric_limits<double>::infinity());
    return;
  }
  SoftmaxAttentionWithMass(
      queries, [this](BlockVisitor visitor) { Visit(visitor); }, 0, out, log_masses);
  // phi(q) is e^{sqrt(tau) <w, q>} but for a factor, and the estimate is an average.
  const double log_features = std::log(static_cast<double>(features_));
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const double squared_norm = queries.row(q).cast<double>().squaredNorm();
    log_masses[q] -= 0.5 * scale_ * squared_norm + log_features;
  }
}

absl::Status FeatureSums::AppendParsed(std::string_view bytes) {
  MakeMap();
  const size_t first = sums_.size();
  sums_.resize(first + static_cast<size_t>(1 + dims_));
  std::memcpy(sums_.data() + first, bytes.data(), bytes.size());
  const auto sums = row(rows() - 1);
  bool possible = sums.front() >= 0;
  for (const float sum : sums) {
    possible &= std::isfinite(sum) && !(sum == 0 && std::signbit(sum));
    possible &= sums.front() > 0 || sum == 0;
  }
  if (possible) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the sums of feature ", rows() - 1, " are those of no tokens"));
}

}  // namespace kvwire
