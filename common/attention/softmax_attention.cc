#include "common/attention/softmax_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "common/base/parallel.h"

namespace kvwire {
namespace {

// A source may have to regenerate its keys at every visit, so it is visited at most
// kMostSlices times and no slice is smaller than kLeastSlice. Both bounds look at
// the sizes alone, never at the number of threads.
constexpr int64_t kMostSlices = 16;
constexpr int64_t kLeastSlice = 128;
constexpr int64_t kTileKeys = 256;
constexpr float kLeastExponent = -80;

// The softmax of some queries over the tokens seen so far, with every weight
// relative to the largest score seen: outputs = sum_t e^{s_t - top} v_t, mass =
// sum_t e^{s_t - top}.
class QuerySlice {
 public:
  QuerySlice(const Eigen::Ref<const Matrix>& queries, int64_t zero_rows)
      : queries_(queries), outputs_(Matrix::Zero(queries.rows(), queries.cols())) {
    // Zero keys score 0 whatever the query; without them nothing is seen yet.
    top_.setConstant(queries.rows(),
                     zero_rows > 0 ? 0 : -std::numeric_limits<float>::infinity());
    mass_.setConstant(queries.rows(), static_cast<double>(zero_rows));
  }

  int64_t size() const { return outputs_.rows(); }

  void Absorb(const KeyValueBlock& block) {
    for (int64_t first = 0; first < block.keys.rows(); first += kTileKeys) {
      const int64_t count = std::min(kTileKeys, block.keys.rows() - first);
      weights_.resize(queries_.rows(), count);
      weights_.noalias() = queries_ * block.keys.middleRows(first, count).transpose();
      if (block.log_weights != nullptr) {
        weights_.rowwise() +=
            Eigen::Map<const Eigen::RowVectorXf>(block.log_weights + first, count);
      }
      for (int64_t q = 0; q < weights_.rows(); ++q) TurnScoresIntoWeights(q);
      outputs_.noalias() += weights_ * block.values.middleRows(first, count);
    }
  }

  void Write(Eigen::Ref<Matrix> out) const {
    for (int64_t q = 0; q < outputs_.rows(); ++q) {
      out.row(q) = outputs_.row(q) * static_cast<float>(1 / mass_[q]);
    }
  }

  double LogMass(int64_t q) const { return double{top_[q]} + std::log(mass_[q]); }

 private:
  void TurnScoresIntoWeights(int64_t q) {
    auto scores = weights_.row(q).array();
    const float top = scores.maxCoeff();
    if (top > top_[q]) {
      // Dropped below the least weight, for the product would soon be denormal.
      const float drop = top_[q] - top;
      const float scale = drop < kLeastExponent ? 0.0F : std::exp(drop);
      outputs_.row(q) *= scale;
      mass_[q] *= scale;
      top_[q] = top;
    }
    scores = (scores - top_[q]).max(kLeastExponent).exp();
    mass_[q] += scores.sum();
  }

  const Eigen::Ref<const Matrix> queries_;
  Matrix outputs_;
  Eigen::VectorXf top_;
  Eigen::VectorXd mass_;
  Matrix weights_;
};

// Calls done(part, first) for each slice of the queries once it has seen all tokens.
void AttendInSlices(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                    int64_t zero_rows,
                    absl::FunctionRef<void(const QuerySlice&, int64_t)> done) {
  const int64_t m = queries.rows();
  const int64_t slice = std::max(kLeastSlice, (m + kMostSlices - 1) / kMostSlices);
  ParallelFor((m + slice - 1) / slice, [&](int64_t i) {
    const int64_t first = i * slice;
    QuerySlice part(queries.middleRows(first, std::min(slice, m - first)), zero_rows);
    blocks([&](const KeyValueBlock& block) { part.Absorb(block); });
    done(part, first);
  });
}

}  // namespace

void SoftmaxAttention(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                      int64_t zero_rows, Eigen::Ref<Matrix> out) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  AttendInSlices(queries, blocks, zero_rows, [&](const QuerySlice& part, int64_t first) {
    part.Write(out.middleRows(first, part.size()));
  });
}

void SoftmaxAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource blocks,
                              int64_t zero_rows, Eigen::Ref<Matrix> out,
                              absl::Span<double> log_masses) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  assert(static_cast<int64_t>(log_masses.size()) == queries.rows());
  AttendInSlices(queries, blocks, zero_rows, [&](const QuerySlice& part, int64_t first) {
    part.Write(out.middleRows(first, part.size()));
    for (int64_t q = 0; q < part.size(); ++q) log_masses[first + q] = part.LogMass(q);
  });
}

}  // namespace kvwire
