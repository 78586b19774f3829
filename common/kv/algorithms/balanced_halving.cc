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
  TokenKernel(double scale, const SlotRows& rows)
      : scale_(scale), rows_(rows), dims_(static_cast<size_t>(rows.width() / 2)) {
    const std::vector<float> mean = MeanKey();
    mean_norm_ = PortableSquaredNorm(mean);
    for (int64_t i = 0; i < rows.rows(); ++i) {
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
  absl::Span<const float> Key(int64_t i) const { return rows_.row(i).first(dims_); }
  absl::Span<const float> Value(int64_t i) const { return rows_.row(i).last(dims_); }

  // Any centre will do, so the mean may be rounded.
  std::vector<float> MeanKey() const {
    std::vector<double> sums(dims_);
    for (int64_t i = 0; i < rows_.rows(); ++i) {
      for (size_t j = 0; j < dims_; ++j) sums[j] += double{Key(i)[j]};
    }
    std::vector<float> mean(dims_);
    for (size_t j = 0; j < dims_; ++j) {
      mean[j] = static_cast<float>(sums[j] / static_cast<double>(rows_.rows()));
    }
    return mean;
  }

  double CentredScore(int64_t i, int64_t j) const {
    const double scores =
        mean_scores_[static_cast<size_t>(i)] + mean_scores_[static_cast<size_t>(j)];
    return PortableDot(Key(i), Key(j)) - scores + mean_norm_;
  }

  double scale_;
  const SlotRows& rows_;
  size_t dims_;
  double mean_norm_ = 0;
  std::vector<double> mean_scores_;
  double top_ = 0;
  double largest_value_ = 0;
};

}  // namespace

SlotRows HalveBalanced(const BalancedWalk& walk, const SlotRows& rows,
                       absl::FunctionRef<double(int64_t)> coin) {
  const TokenKernel kernel(walk.scale, rows);
  std::vector<double> signs;  // +1: the first of the pair is kept
  SlotRows kept(rows.width());
  for (int64_t pair = 0; pair < rows.rows() / 2; ++pair) {
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
    kept.Append(rows.row(first ? a : b));
  }
  return kept;
}

}  // namespace kvwire
