#ifndef KVWIRE_TESTS_KV_RANDOM_TOKENS_H_
#define KVWIRE_TESTS_KV_RANDOM_TOKENS_H_

// Tokens drawn for the tests of samplers and sketches, and how far answers are off.

#include <cmath>
#include <cstdint>
#include <random>

#include "common/base/matrix.h"
#include "tests/kv/caches.h"

namespace kvwire {

inline Matrix GaussianMatrix(int64_t rows, int64_t dims, double deviation,
                             std::mt19937_64& random) {
  std::normal_distribution<double> normal(0, deviation);
  return Matrix::NullaryExpr(rows, dims, [&] { return static_cast<float>(normal(random)); });
}

inline Matrix UnitRows(Matrix matrix) {
  matrix.rowwise().normalize();
  return matrix;
}

inline Tokens GaussianTokens(int64_t rows, int64_t width, std::mt19937_64& random) {
  return {GaussianMatrix(rows, width, 0.5, random), GaussianMatrix(rows, width, 1, random)};
}

// Tokens in clusters: unit keys about `key_noise` from one of `clusters` random unit
// centres, values with a deviation of `value_noise` from a Gaussian one of the cluster. The
// queries are drawn like keys, of norm `sharpness`.
struct ClusteredTokens {
  Tokens tokens;
  Matrix queries;

  ClusteredTokens(int64_t rows, int64_t dims, int64_t clusters, double key_noise,
                  double value_noise, double sharpness, int64_t query_count, uint64_t seed) {
    std::mt19937_64 random(seed);
    const Matrix centres = UnitRows(GaussianMatrix(clusters, dims, 1, random));
    const Matrix centre_values = GaussianMatrix(clusters, dims, 1, random);
    const double deviation = key_noise / std::sqrt(static_cast<double>(dims));
    tokens.keys = GaussianMatrix(rows, dims, deviation, random);
    tokens.values = GaussianMatrix(rows, dims, value_noise, random);
    queries = GaussianMatrix(query_count, dims, deviation, random);
    for (int64_t row = 0; row < rows; ++row) {
      const auto cluster = static_cast<int64_t>(random() % clusters);
      tokens.keys.row(row) += centres.row(cluster);
      tokens.values.row(row) += centre_values.row(cluster);
    }
    for (int64_t row = 0; row < query_count; ++row) {
      queries.row(row) += centres.row(static_cast<int64_t>(random() % clusters));
    }
    tokens.keys = UnitRows(tokens.keys);
    queries = UnitRows(queries) * static_cast<float>(sharpness);
  }
};

// Mean over queries of ||answer - truth|| / ||truth||.
inline double RelativeError(const Matrix& answer, const Eigen::MatrixXd& truth) {
  const Eigen::VectorXd errors = (answer.cast<double>() - truth).rowwise().norm();
  return (errors.array() / truth.rowwise().norm().array()).mean();
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_RANDOM_TOKENS_H_
