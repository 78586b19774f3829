#include "common/attention/streamed_pairs.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "common/attention/kernel/instruction_set.h"
#include "common/attention/streamed_attention.h"

namespace kvwire {
namespace {

// Numbers of all queries q o k_b that are attended at once: for many rows b the more the
// better, but they and their outputs are to stay in a cache.
constexpr int64_t kMostNumbers = int64_t{1} << 16;
// So many outputs are summed in float32 before the sum goes into a double.
constexpr int64_t kFloatSums = 32;
constexpr float kLeastExponent = -64 * std::numbers::ln2_v<float>;

using DoubleMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Queries q o k_b for some rows b, and what ordinary attention says to them.
struct FactoredQueries {
  explicit FactoredQueries(int64_t count, int64_t dims)
      : queries(count, dims), outputs(count, dims), masses(count) {}

  Matrix queries;
  Matrix outputs;
  QueryMasses masses;
};

// The outputs of some queries over the rows b seen so far, with every mass relative to
// e^top, the largest seen.
class PairSums {
 public:
  PairSums(int64_t queries, int64_t dims)
      : kernel_(ActiveAttentionKernel()),
        sum_(dims),
        outputs_(DoubleMatrix::Zero(queries, dims)),
        tops_(Eigen::VectorXd::Constant(queries, -std::numeric_limits<float>::max())),
        masses_(Eigen::VectorXd::Zero(queries)) {}

  // Adds the pairs of query q with rows [start, start + count) of `second`, which are
  // those from `at` on among the factored queries.
  void Add(int64_t q, const KernelTokens& second, int64_t start, int64_t count,
           const FactoredQueries& factored, int64_t at) {
    Eigen::ArrayXf weights = factored.masses.tops().segment(at, count);
    if (second.log_weights != nullptr) {
      weights += Eigen::Map<const Eigen::ArrayXf>(second.log_weights + start, count);
    }
    Raise(q, double{weights.maxCoeff()});
    weights -= static_cast<float>(tops_[q]);
    const Eigen::ArrayXf exponentials = weights.max(2 * kLeastExponent).exp();
    weights = (weights < kLeastExponent)
                  .select(0.0F, exponentials * factored.masses.masses().segment(at, count));
    masses_[q] += weights.cast<double>().sum();
    const float* values = second.values + start * second.stride;
    for (int64_t first = 0; first < count; first += kFloatSums) {
      kernel_.combine(weights.data() + first, factored.outputs.row(at + first).data(),
                      values + first * second.stride, second.stride,
                      std::min(kFloatSums, count - first), sum_.size(), sum_.data());
      outputs_.row(q) += sum_.cast<double>();
    }
  }

  void Write(Eigen::Ref<Matrix> out, double* log_masses) const {
    for (int64_t q = 0; q < outputs_.rows(); ++q) {
      const double mass = masses_[q];
      out.row(q) = (outputs_.row(q) / (mass == 0 ? 1 : mass)).cast<float>();
      log_masses[q] = tops_[q] + std::log(mass);
    }
  }

 private:
  void Raise(int64_t q, double top) {
    if (!(top > tops_[q])) return;
    const double scale = std::exp(tops_[q] - top);
    outputs_.row(q) *= scale;
    masses_[q] *= scale;
    tops_[q] = top;
  }

  const AttentionKernel& kernel_;
  Eigen::RowVectorXf sum_;
  DoubleMatrix outputs_;
  Eigen::VectorXd tops_;
  Eigen::VectorXd masses_;
};

// Adds the pairs of each query with rows [start, start + count) of `second`.
void AddRows(const Eigen::Ref<const Matrix>& queries, const KernelTokens& second,
             int64_t start, int64_t count, TokenSource first, PairSums& sums) {
  const AttentionKernel& kernel = ActiveAttentionKernel();
  FactoredQueries factored(queries.rows() * count, queries.cols());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    kernel.multiply(second.keys + start * second.stride, second.stride, count,
                    queries.row(q).data(), queries.cols(),
                    factored.queries.row(q * count).data());
  }
  StreamAttention(factored.queries, first, 0, factored.outputs, factored.masses.views());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    sums.Add(q, second, start, count, factored, q * count);
  }
}

int64_t CountRows(TokenSource source) {
  int64_t rows = 0;
  source([&](const VisitedTokens& visited) { rows += visited.tokens.rows; });
  return rows;
}

}  // namespace

void StreamPairAttention(const Eigen::Ref<const Matrix>& queries, TokenSource first,
                         TokenSource second,
                         // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                         Eigen::Ref<Matrix> out, absl::Span<double> log_masses) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  assert(static_cast<int64_t>(log_masses.size()) == queries.rows());
  const int64_t most = std::max(int64_t{1}, kMostNumbers / queries.cols());
  const int64_t rows = queries.rows() > 1 ? CountRows(second) : most;
  const int64_t group = most / std::clamp(rows, int64_t{1}, most);
  for (int64_t start = 0; start < queries.rows(); start += group) {
    const auto some = queries.middleRows(start, std::min(group, queries.rows() - start));
    PairSums sums(some.rows(), some.cols());
    second([&](const VisitedTokens& visited) {
      const int64_t step = most / group;
      for (int64_t row = 0; row < visited.tokens.rows; row += step) {
        const int64_t count = std::min(step, visited.tokens.rows - row);
        AddRows(some, visited.tokens, row, count, first, sums);
      }
    });
    sums.Write(out.middleRows(start, some.rows()), log_masses.data() + start);
  }
}

}  // namespace kvwire
