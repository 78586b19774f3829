// Compiled for the machine at hand, which nothing else is: Eigen's functions get names of
// their own here, lest the linker takes these for everybody's.
#define Eigen EigenForThisMachine

#include <omp.h>

#include <Eigen/Core>
#include <algorithm>

#include "tests/bench/attention_peers.h"

namespace kvwire {
namespace {

template <typename Number>
using Rows = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMap = Eigen::Map<const Rows<float>>;

template <typename Number>
void TurnIntoWeights(Rows<Number>& scores) {
#pragma omp parallel for
  for (int64_t q = 0; q < scores.rows(); ++q) {
    auto row = scores.row(q).array();
    row = (row - row.maxCoeff()).exp();
    row /= row.sum();
  }
}

}  // namespace

float SumOf(const float* numbers, int64_t count) {
  return Eigen::Map<const Eigen::ArrayXf>(numbers, count).sum();
}

void NaiveAttention(const BenchProblem& problem, int threads, float* out) {
  omp_set_num_threads(threads);
  const FloatMap queries(problem.queries, problem.m, problem.dims);
  const FloatMap keys(problem.keys, problem.rows, problem.dims);
  const FloatMap values(problem.values, problem.rows, problem.dims);
  Rows<float> scores(problem.m, problem.rows);
  scores.noalias() = queries * keys.transpose();
  TurnIntoWeights(scores);
  Eigen::Map<Rows<float>>(out, problem.m, problem.dims).noalias() = scores * values;
}

void AttentionInDouble(const BenchProblem& problem, double* reference) {
  constexpr int64_t kBlock = 64;
  omp_set_num_threads(omp_get_num_procs());
  const FloatMap queries(problem.queries, problem.m, problem.dims);
  const Rows<double> keys = FloatMap(problem.keys, problem.rows, problem.dims).cast<double>();
  const Rows<double> values =
      FloatMap(problem.values, problem.rows, problem.dims).cast<double>();
  Eigen::Map<Rows<double>> out(reference, problem.m, problem.dims);
  for (int64_t first = 0; first < problem.m; first += kBlock) {
    const int64_t count = std::min(kBlock, problem.m - first);
    Rows<double> scores = queries.middleRows(first, count).cast<double>() * keys.transpose();
    TurnIntoWeights(scores);
    out.middleRows(first, count).noalias() = scores * values;
  }
}

}  // namespace kvwire
