#include "common/attention/row_mass.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "common/attention/frame_keys.h"
#include "common/base/lane_products.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr int64_t kTileKeys = 8 * kProductLanes;
constexpr int64_t kExactLanes = 8;

// ExactDot for kExactLanes rows of keys at once, to the same bits: each lane sums in index
// order, and side by side they hide the latency of the adds.
void DotLanes(const float* keys, const float* query, int64_t dims, double* products) {
  double sums[kExactLanes] = {};
  for (int64_t j = 0; j < dims; ++j) {
    for (int64_t lane = 0; lane < kExactLanes; ++lane) {
      sums[lane] += double{keys[lane * dims + j]} * double{query[j]};
    }
  }
  std::copy_n(sums, kExactLanes, products);
}

// Writes <query, key> of queries [m, d] and the keys of a tile, of which there may be fewer
// than kTileKeys, to `products` [m, kTileKeys]; `columns` has room for [d, kProductLanes].
void MultiplyTile(const Matrix& queries, MatrixView keys, absl::Span<const int64_t> places,
                  float* columns, Matrix& products) {
  for (int64_t first = 0; first < keys.rows(); first += kProductLanes) {
    PackLanes(keys.row(first).data(), std::min(kProductLanes, keys.rows() - first),
              keys.cols(), columns);
    for (int64_t i = 0; i < queries.rows(); i += int64_t{kProductVectors}) {
      LaneProducts lanes;
      MultiplyLanes(queries, i, places, columns, lanes);
      const int64_t count = std::min<int64_t>(kProductVectors, queries.rows() - i);
      for (int64_t v = 0; v < count; ++v) {
        std::copy_n(&lanes[static_cast<size_t>(v * kProductLanes)], kProductLanes,
                    &products(i + v, first));
      }
    }
  }
}

}  // namespace

double SelfProduct(const Matrix& keys, int64_t row) {
  return ExactDot(keys.row(row).data(), keys.row(row).data(), keys.cols());
}

std::vector<double> FastInterference(const Matrix& keys, absl::Span<const int64_t> rows,
                                     absl::Span<const double> self, double sharpness) {
  const int64_t count = static_cast<int64_t>(rows.size());
  const float c = static_cast<float>(sharpness);
  Matrix queries(count, keys.cols());
  for (int64_t i = 0; i < count; ++i) queries.row(i) = keys.row(rows[i]);
  std::vector<double> sums(rows.size(), 0);
  std::vector<int64_t> places(static_cast<size_t>(keys.cols()));
  std::iota(places.begin(), places.end(), 0);
  std::vector<float> columns(places.size() * kProductLanes);
  Matrix tile(count, kTileKeys);
  for (int64_t first = 0; first < keys.rows(); first += kTileKeys) {
    const int64_t width = std::min(kTileKeys, keys.rows() - first);
    MultiplyTile(queries, MatrixView(keys.row(first).data(), width, keys.cols()), places,
                 columns.data(), tile);
    for (int64_t i = 0; i < count; ++i) {
      auto terms = tile.row(i).head(width).array();
      terms = ((terms - static_cast<float>(self[i])) * c).max(-80.0F).min(80.0F).exp();
      if (rows[i] >= first && rows[i] < first + width) terms[rows[i] - first] = 0;
      sums[i] += terms.sum();
    }
  }
  return sums;
}

double FastInterferenceFactor(int64_t dims, double sharpness, double largest_self) {
  // A float32 sum of d products is off by at most d 2^-23 |a| |b| in any order. The rest
  // of the slack is for the float32 exponents, exponentials and sums.
  const double product_error = static_cast<double>(dims) * 0x1p-23 * largest_self;
  const double slack = 1e-3 + 2 * sharpness * product_error;
  return slack < 0.5 ? 1 + 2 * slack : std::numeric_limits<double>::infinity();
}

ExactRow::ExactRow(const Matrix& keys, int64_t row) {
  const double self = SelfProduct(keys, row);
  const float* query = keys.row(row).data();
  const int64_t dims = keys.cols();
  differences_.reserve(static_cast<size_t>(keys.rows()));
  for (int64_t first = 0; first < keys.rows(); first += kExactLanes) {
    const int64_t lanes = std::min(kExactLanes, keys.rows() - first);
    double products[kExactLanes];
    if (lanes == kExactLanes) {
      DotLanes(keys.row(first).data(), query, dims, products);
    } else {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        products[lane] = ExactDot(keys.row(first + lane).data(), query, dims);
      }
    }
    for (int64_t lane = 0; lane < lanes; ++lane) {
      if (first + lane != row) differences_.push_back(products[lane] - self);
    }
  }
}

double ExactRow::InterferenceAt(double sharpness) const {
  double sum = 0;
  for (const double difference : differences_) sum += PortableExp(sharpness * difference);
  return sum;
}

}  // namespace kvwire
