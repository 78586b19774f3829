#ifndef KVWIRE_TESTS_KV_NAIVE_LAYER_MERGE_H_
#define KVWIRE_TESTS_KV_NAIVE_LAYER_MERGE_H_

// MiniCache as its paper defines it, in double precision with the C library's functions: what
// comes back of the tokens of two layers side by side.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "common/base/matrix.h"

namespace kvwire {

struct NaiveLayers {
  Eigen::VectorXd lower;
  Eigen::VectorXd upper;  // with a 0 at the end of odd rows

  explicit NaiveLayers(const Eigen::VectorXd& row) {
    const int64_t half = (row.size() + 1) / 2;
    lower = row.head(half);
    upper = Eigen::VectorXd::Zero(half);
    upper.head(row.size() - half) = row.tail(row.size() - half);
  }
  bool one_is_zero() const { return lower.norm() == 0 || upper.norm() == 0; }
  double Angle() const {
    if (one_is_zero()) return 0;
    const double cosine = lower.normalized().dot(upper.normalized());
    return std::acos(std::min(1.0, std::max(-1.0, cosine)));
  }
};

inline Eigen::VectorXd NaiveMerged(const Eigen::VectorXd& row, double t) {
  const NaiveLayers layers(row);
  const double angle = layers.Angle();
  Eigen::VectorXd shared;
  if (layers.one_is_zero()) {
    shared = layers.lower + layers.upper;
  } else if (std::sin(angle) < 1e-6) {
    shared = (1 - t) * layers.lower.normalized() + t * layers.upper.normalized();
  } else {
    shared = std::sin((1 - t) * angle) / std::sin(angle) * layers.lower.normalized() +
             std::sin(t * angle) / std::sin(angle) * layers.upper.normalized();
  }
  // Opposite layers at t = 1/2.
  if (shared.norm() == 0) shared = layers.lower;
  if (shared.norm() > 0) shared.normalize();
  Eigen::VectorXd merged(row.size());
  const int64_t half = shared.size();
  merged.head(half) = layers.lower.norm() * shared;
  merged.tail(row.size() - half) = layers.upper.norm() * shared.head(row.size() - half);
  return merged;
}

// Which of some rows (none of them a zero token's) stay whole, cut into scales, where
// `millionths` of all do.
inline std::vector<bool> NaiveWhole(const Matrix& rows, const std::vector<int64_t>& scales,
                                    int64_t millionths) {
  std::vector<bool> whole(static_cast<size_t>(rows.rows()));
  int64_t first = 0;
  for (const int64_t scale : scales) {
    std::vector<int64_t> order(static_cast<size_t>(scale));
    std::iota(order.begin(), order.end(), first);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return NaiveLayers(rows.row(a).transpose().cast<double>()).Angle() >
             NaiveLayers(rows.row(b).transpose().cast<double>()).Angle();
    });
    const int64_t count =
        millionths * (first + scale) / 1000000 - millionths * first / 1000000;
    for (int64_t i = 0; i < count; ++i) {
      whole[static_cast<size_t>(order[static_cast<size_t>(i)])] = true;
    }
    first += scale;
  }
  return whole;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_NAIVE_LAYER_MERGE_H_
