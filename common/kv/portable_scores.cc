#include "common/kv/portable_scores.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "common/base/portable_math.h"

namespace kvwire {
namespace {

// Queries that share a walk over the keys.
constexpr int kTogether = 8;

// Logits of kLanes queries, interleaved [d, kLanes], to out [kLanes, stride]. Each sum adds
// its products in order of coordinate, whatever kLanes is.
template <int kLanes>
void Dots(const double* queries, const KeyValueBlock& block, double scale, int64_t stride,
          double* out) {
  const int64_t dims = block.keys.cols();
  for (int64_t row = 0; row < block.keys.rows(); ++row) {
    const float* key = block.keys.data() + row * dims;
    double sums[kLanes] = {};
    for (int64_t j = 0; j < dims; ++j) {
      const double number = key[j];
      for (int lane = 0; lane < kLanes; ++lane)
        sums[lane] += number * queries[j * kLanes + lane];
    }
    for (int lane = 0; lane < kLanes; ++lane) out[lane * stride + row] = scale * sums[lane];
  }
}

template <int kLanes>
void VisitLanes(BlockSource blocks, int64_t rows, MatrixView queries, int64_t first,
                double scale, LogitVisitor visit) {
  std::vector<double> lanes(static_cast<size_t>(queries.cols() * kLanes));
  for (int64_t j = 0; j < queries.cols(); ++j) {
    for (int lane = 0; lane < kLanes; ++lane) {
      lanes[static_cast<size_t>(j * kLanes + lane)] = queries(first + lane, j);
    }
  }
  std::vector<double> logits(static_cast<size_t>(kLanes * rows));
  int64_t done = 0;
  blocks([&](const KeyValueBlock& block) {
    Dots<kLanes>(lanes.data(), block, scale, rows, logits.data() + done);
    done += block.keys.rows();
  });
  for (int lane = 0; lane < kLanes; ++lane) {
    visit(first + lane, absl::MakeSpan(logits).subspan(static_cast<size_t>(lane * rows),
                                                       static_cast<size_t>(rows)));
  }
}

}  // namespace

void VisitLogits(BlockSource blocks, int64_t rows, MatrixView queries, double scale,
                 LogitVisitor visit) {
  int64_t first = 0;
  for (; first + kTogether <= queries.rows(); first += kTogether) {
    VisitLanes<kTogether>(blocks, rows, queries, first, scale, visit);
  }
  for (; first < queries.rows(); ++first) {
    VisitLanes<1>(blocks, rows, queries, first, scale, visit);
  }
}

double PortableSoftmax(absl::Span<double> logits, int64_t zeros) {
  double top = zeros > 0 ? 0 : -std::numeric_limits<double>::infinity();
  for (const double logit : logits) top = std::max(top, logit);
  double mass = 0;
  for (double& logit : logits) {
    logit = PortableExp(logit - top);
    mass += logit;
  }
  const double zero_weight = zeros > 0 ? PortableExp(-top) : 0;
  mass += static_cast<double>(zeros) * zero_weight;
  for (double& weight : logits) weight /= mass;
  return zero_weight / mass;
}

}  // namespace kvwire
