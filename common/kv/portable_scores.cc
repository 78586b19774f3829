#include "common/kv/portable_scores.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr int64_t kTileNumbers = int64_t{1} << 20;
constexpr int64_t kMostTileQueries = 16;

// Adds each product in order of coordinate. `kRows` independent sums hide the latency of
// an addition; how many there are changes no bit of any.
template <int kRows>
void Dots(const double* query, const float* keys, int64_t dims, double scale, double* out) {
  double sums[kRows] = {};
  for (int64_t j = 0; j < dims; ++j) {
    for (int r = 0; r < kRows; ++r) sums[r] += query[j] * double{keys[r * dims + j]};
  }
  for (int r = 0; r < kRows; ++r) out[r] = scale * sums[r];
}

void AllDots(const double* query, MatrixView keys, double scale, double* out) {
  constexpr int kTogether = 8;
  const int64_t dims = keys.cols();
  int64_t row = 0;
  for (; row + kTogether <= keys.rows(); row += kTogether) {
    Dots<kTogether>(query, keys.data() + row * dims, dims, scale, out + row);
  }
  for (; row < keys.rows(); ++row) {
    Dots<1>(query, keys.data() + row * dims, dims, scale, out + row);
  }
}

}  // namespace

void VisitLogits(BlockSource blocks, int64_t rows, MatrixView queries, double scale,
                 LogitVisitor visit) {
  const int64_t tile = std::clamp(kTileNumbers / std::max(rows, int64_t{1}), int64_t{1},
                                  std::min(kMostTileQueries, queries.rows() + 1));
  std::vector<double> logits(static_cast<size_t>(tile * rows));
  std::vector<double> wide(static_cast<size_t>(tile * queries.cols()));
  for (int64_t first = 0; first < queries.rows(); first += tile) {
    const int64_t count = std::min(tile, queries.rows() - first);
    const float* from = queries.data() + first * queries.cols();
    std::copy(from, from + count * queries.cols(), wide.begin());
    int64_t done = 0;
    blocks([&](const KeyValueBlock& block) {
      for (int64_t q = 0; q < count; ++q) {
        AllDots(wide.data() + q * queries.cols(), block.keys, scale,
                logits.data() + q * rows + done);
      }
      done += block.keys.rows();
    });
    for (int64_t q = 0; q < count; ++q) {
      visit(first + q, absl::MakeSpan(logits.data() + q * rows, static_cast<size_t>(rows)));
    }
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
