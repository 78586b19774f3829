#include "common/attention/pair_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace kvwire {
namespace {

// So many pairs (query, b) are attended at once, and so many rows b at most of one
// query: enough for each thread to reuse a tile of keys, few enough to stay small.
// Both look at the sizes alone, never at the number of threads.
constexpr int64_t kMostPairs = 1024;
constexpr int64_t kMostRows = 128;
constexpr double kLeastExponent = -80;

using DoubleMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct SetSizes {
  int64_t first = 0;
  int64_t second = 0;
};

int64_t CountRows(BlockSource blocks) {
  int64_t rows = 0;
  blocks([&](const KeyValueBlock& block) { rows += block.keys.rows(); });
  return rows;
}

// The outputs of some queries over the rows b seen so far, with every mass relative
// to the largest seen.
class PairSums {
 public:
  PairSums(int64_t queries, int64_t dims)
      : outputs_(DoubleMatrix::Zero(queries, dims)),
        tops_(static_cast<size_t>(queries), -std::numeric_limits<double>::infinity()),
        masses_(static_cast<size_t>(queries), 0) {}

  // Adds e^{log_mass} to the mass of query q and returns its weight, by which the
  // caller adds to sums(q).
  double AddMass(int64_t q, double log_mass) {
    if (log_mass > tops_[q]) {
      const double drop = tops_[q] - log_mass;
      const double scale = drop < kLeastExponent ? 0 : std::exp(drop);
      outputs_.row(q) *= scale;
      masses_[q] *= scale;
      tops_[q] = log_mass;
    }
    const double weight = std::exp(std::max(log_mass - tops_[q], kLeastExponent));
    masses_[q] += weight;
    return weight;
  }

  auto sums(int64_t q) { return outputs_.row(q); }

  void Write(Eigen::Ref<Matrix> out, double* log_masses) const {
    for (int64_t q = 0; q < outputs_.rows(); ++q) {
      out.row(q) = (outputs_.row(q) / masses_[q]).cast<float>();
      log_masses[q] = tops_[q] + std::log(masses_[q]);
    }
  }

 private:
  DoubleMatrix outputs_;
  std::vector<double> tops_;
  std::vector<double> masses_;
};

// Adds the pairs of each query with the rows b in [start, start + count) of a block.
void AbsorbRows(const Eigen::Ref<const Matrix>& queries, const KeyValueBlock& block,
                int64_t start, int64_t count, BlockSource first, PairSums& sums) {
  Matrix factored(queries.rows() * count, queries.cols());
  for (int64_t q = 0; q < queries.rows(); ++q) {
    factored.middleRows(q * count, count) =
        block.keys.middleRows(start, count).array().rowwise() * queries.row(q).array();
  }
  Matrix outputs(factored.rows(), factored.cols());
  std::vector<double> log_masses(static_cast<size_t>(factored.rows()));
  SoftmaxAttentionWithMass(factored, first, 0, outputs, absl::MakeSpan(log_masses));
  for (int64_t q = 0; q < queries.rows(); ++q) {
    for (int64_t b = 0; b < count; ++b) {
      double log_mass = log_masses[q * count + b];
      if (block.log_weights != nullptr) log_mass += double{block.log_weights[start + b]};
      const double weight = sums.AddMass(q, log_mass);
      sums.sums(q) +=
          weight *
          outputs.row(q * count + b).cwiseProduct(block.values.row(start + b)).cast<double>();
    }
  }
}

}  // namespace

void PairAttentionWithMass(const Eigen::Ref<const Matrix>& queries, BlockSource first,
                           BlockSource second,
                           // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                           Eigen::Ref<Matrix> out, absl::Span<double> log_masses) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  assert(static_cast<int64_t>(log_masses.size()) == queries.rows());
  const SetSizes sizes{CountRows(first), CountRows(second)};
  if (sizes.first == 0 || sizes.second == 0) {
    out.setZero();
    std::fill(log_masses.begin(), log_masses.end(), -std::numeric_limits<double>::infinity());
    return;
  }
  const int64_t group = kMostPairs / std::min(sizes.second, kMostRows);
  for (int64_t start = 0; start < queries.rows(); start += group) {
    const auto some = queries.middleRows(start, std::min(group, queries.rows() - start));
    PairSums sums(some.rows(), some.cols());
    second([&](const KeyValueBlock& block) {
      for (int64_t row = 0; row < block.keys.rows(); row += kMostRows) {
        const int64_t count = std::min(kMostRows, block.keys.rows() - row);
        AbsorbRows(some, block, row, count, first, sums);
      }
    });
    sums.Write(out.middleRows(start, some.rows()), log_masses.data() + start);
  }
}

}  // namespace kvwire
