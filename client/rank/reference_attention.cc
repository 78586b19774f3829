#include "client/rank/reference_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/base/parallel.h"

namespace kvwire {
namespace {

double Dot(const Matrix& a, int64_t row_a, const Matrix& b, int64_t row_b) {
  double sum = 0;
  for (int64_t j = 0; j < a.cols(); ++j) sum += double{a(row_a, j)} * b(row_b, j);
  return sum;
}

void AnswerQuery(const AttentionWorkload& workload, double scale, int64_t query, Matrix& out) {
  std::vector<double> weights(static_cast<size_t>(workload.tokens()));
  double top = -std::numeric_limits<double>::infinity();
  for (int64_t t = 0; t < workload.tokens(); ++t) {
    const double score = scale * Dot(workload.queries, query, workload.keys, t);
    weights[static_cast<size_t>(t)] = score;
    top = std::max(top, score);
  }
  double mass = 0;
  std::vector<double> sums(static_cast<size_t>(workload.dims()), 0);
  for (int64_t t = 0; t < workload.tokens(); ++t) {
    const double weight = std::exp(weights[static_cast<size_t>(t)] - top);
    mass += weight;
    for (int64_t j = 0; j < workload.dims(); ++j) {
      sums[static_cast<size_t>(j)] += weight * workload.values(t, j);
    }
  }
  for (int64_t j = 0; j < workload.dims(); ++j) {
    out(query, j) = static_cast<float>(sums[static_cast<size_t>(j)] / mass);
  }
}

}  // namespace

Matrix ReferenceAttention(const AttentionWorkload& workload, double scale) {
  Matrix out(workload.queries.rows(), workload.dims());
  ParallelFor(workload.queries.rows(),
              [&](int64_t query) { AnswerQuery(workload, scale, query, out); });
  return out;
}

double MeanCosine(const Matrix& expected, const Matrix& actual) {
  double sum = 0;
  for (int64_t row = 0; row < expected.rows(); ++row) {
    const double norms = std::sqrt(Dot(expected, row, expected, row)) *
                         std::sqrt(Dot(actual, row, actual, row));
    if (norms > 0) sum += Dot(expected, row, actual, row) / norms;
  }
  return sum / static_cast<double>(expected.rows());
}

}  // namespace kvwire
