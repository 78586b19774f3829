#include "common/kv/algorithms/balanced_halving.h"

#include <algorithm>
#include <vector>

#include "absl/types/span.h"
#include "common/base/portable_math.h"
#include "common/base/portable_sums.h"

namespace kvwire {
namespace {

// Makes attention's denominator, whose "values" are ones, part of the balance (the authors'
// constant).
constexpr double kValueBias = 0.025;

// <x, x'> of rows of a block.
class TokenKernel {
 public:
  TokenKernel(double scale, const Eigen::Ref<const Matrix>& keys,
              const Eigen::Ref<const Matrix>& values)
      : scale_(scale), keys_(keys), values_(values) {
    const std::vector<float> mean = MeanKey();
    mean_norm_ = PortableSquaredNorm(mean);
    for (int64_t i = 0; i < keys.rows(); ++i) {
      mean_scores_.push_back(PortableDot(Key(i), mean));
      top_ = std::max(top_, scale_ * CentredScore(i, i));
      largest_value_ = std::max(largest_value_, PortableSquaredNorm(Value(i)));
    }
  }

  double operator()(int64_t i, int64_t j) const {
    const double weight = PortableExp(scale_ * CentredScore(i, j) - top_);
    return weight * (PortableDot(Value(i), Value(j)) + kValueBias) /
           (largest_value_ + kValueBias);
  }

 private:
  static absl::Span<const float> Row(const Eigen::Ref<const Matrix>& rows, int64_t i) {
    return {rows.row(i).data(), static_cast<size_t>(rows.cols())};
  }
  absl::Span<const float> Key(int64_t i) const { return Row(keys_, i); }
  absl::Span<const float> Value(int64_t i) const { return Row(values_, i); }

  // Any centre will do, so the mean may be rounded.
  std::vector<float> MeanKey() const {
    const auto dims = static_cast<size_t>(keys_.cols());
    std::vector<double> sums(dims);
    for (int64_t i = 0; i < keys_.rows(); ++i) {
      for (size_t j = 0; j < dims; ++j) sums[j] += double{Key(i)[j]};
    }
    std::vector<float> mean(dims);
    for (size_t j = 0; j < dims; ++j) {
      mean[j] = static_cast<float>(sums[j] / static_cast<double>(keys_.rows()));
    }
    return mean;
  }

  double CentredScore(int64_t i, int64_t j) const {
    const double scores =
        mean_scores_[static_cast<size_t>(i)] + mean_scores_[static_cast<size_t>(j)];
    return PortableDot(Key(i), Key(j)) - scores + mean_norm_;
  }

  double scale_;
  Eigen::Ref<const Matrix> keys_;
  Eigen::Ref<const Matrix> values_;
  double mean_norm_ = 0;
  std::vector<double> mean_scores_;
  double top_ = 0;
  double largest_value_ = 0;
};

}  // namespace

std::vector<int64_t> HalveBalanced(const BalancedWalk& walk,
                                   const Eigen::Ref<const Matrix>& keys,
                                   const Eigen::Ref<const Matrix>& values,
                                   absl::FunctionRef<double(int64_t)> coin) {
  const TokenKernel kernel(walk.scale, keys, values);
  std::vector<double> signs;  // +1: the first of the pair is kept
  std::vector<int64_t> kept;
  for (int64_t pair = 0; pair < keys.rows() / 2; ++pair) {
    const int64_t a = 2 * pair;
    const int64_t b = a + 1;
    double balance = 0;
    for (int64_t other = 0; other < pair && walk.gamma > 0; ++other) {
      const int64_t c = 2 * other;
      const double product =
          (kernel(a, c) - kernel(b, c)) - (kernel(a, c + 1) - kernel(b, c + 1));
      balance += signs[static_cast<size_t>(other)] * product;
    }
    const bool first = coin(pair) < 0.5 - walk.gamma * balance;
    signs.push_back(first ? 1 : -1);
    kept.push_back(first ? a : b);
  }
  return kept;
}

}  // namespace kvwire
