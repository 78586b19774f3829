#include "common/attention/mass_tile.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "common/base/lane_products.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

constexpr int64_t kLanes = 8;

using Vector = __attribute__((vector_size(4 * kLanes))) float;
using Bits = __attribute__((vector_size(4 * kLanes))) uint32_t;

// e^x with x cut at -80 and 80, within 1e-5 of it: e^x = 2^n 2^f with n whole and |f| <= 1/2,
// and 2^f is the polynomial of the least relative error (Cephes, exp2f).
[[gnu::always_inline]] inline void Exponential(Vector& x) {
  x = x < -80.0F ? Vector{} - 80.0F : x;
  x = x > 80.0F ? Vector{} + 80.0F : x;
  const Vector power = x * 1.44269504088896341F;
  // The sum's last bits are n + 127: n in the exponent field of a float, 23 bits up.
  constexpr float kRounder = 0x1.8p23F + 127;
  const Vector rounded = power + kRounder;
  const Vector f = power - (rounded - kRounder);
  const Bits exponent = reinterpret_cast<Bits>(rounded) << 23;
  Vector y = f * 1.535336188319500e-4F + 1.339887440266574e-3F;
  y = y * f + 9.618437357674640e-3F;
  y = y * f + 5.550332471162809e-2F;
  y = y * f + 2.402264791363012e-1F;
  y = y * f + 6.931472028550421e-1F;
  y = y * f + 1.0F;
  x = y * reinterpret_cast<Vector>(exponent);
}

}  // namespace

MassTile::MassTile(int64_t most_queries, int64_t dims, double sharpness)
    : sharpness_(static_cast<float>(sharpness)),
      places_(static_cast<size_t>(dims)),
      columns_(static_cast<size_t>(dims * kProductLanes)),
      products_(Matrix::Zero(most_queries, kKeys)) {
  std::iota(places_.begin(), places_.end(), 0);
}

void MassTile::Multiply(const Eigen::Ref<const Matrix>& queries, MatrixView keys) {
  queries_ = queries.rows();
  for (int64_t first = 0; first < keys.rows(); first += kProductLanes) {
    PackLanes(keys.row(first).data(), std::min(kProductLanes, keys.rows() - first),
              keys.cols(), columns_.data());
    for (int64_t i = 0; i < queries_; i += int64_t{kProductVectors}) {
      LaneProducts lanes;
      MultiplyLanes(queries, i, places_, columns_.data(), lanes);
      const int64_t count = std::min<int64_t>(kProductVectors, queries_ - i);
      for (int64_t v = 0; v < count; ++v) {
        std::copy_n(&lanes[static_cast<size_t>(v * kProductLanes)], kProductLanes,
                    &products_(i + v, first));
      }
    }
  }
}

double MassTile::SumOfQuery(int64_t i, double self, int64_t first, int64_t last) const {
  std::array<float, kLanes> lanes = {};
  RunWide(
      [](const float* products, size_t count, float own, float c, float* out) KVWIRE_WIDE {
        Vector sums = {};
        size_t t = 0;
        for (; t + kLanes <= count; t += kLanes) {
          Vector term;
          FetchVector(products + t, term);
          term = (term - own) * c;
          Exponential(term);
          sums += term;
        }
        for (size_t lane = 0; t + lane < count; ++lane) {
          Vector term = Vector{} + (products[t + lane] - own) * c;
          Exponential(term);
          sums[lane] += term[0];
        }
        StoreVector(sums, out);
      },
      products_.data() + i * kKeys + first, static_cast<size_t>(last - first),
      static_cast<float>(self), sharpness_, lanes.data());
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

void MassTile::AddSumsOfKeys(absl::Span<const double> self, absl::Span<double> sums) const {
  std::array<float, kKeys> own = {};
  std::copy(self.begin(), self.end(), own.begin());
  std::array<float, kKeys> of_keys = {};
  RunWide(
      [](const float* products, int64_t queries, const float* selves, float c, float* out)
          KVWIRE_WIDE {
            for (int64_t key = 0; key < kKeys; key += kLanes) {
              Vector mine;
              FetchVector(selves + key, mine);
              Vector sum = {};
              for (int64_t i = 0; i < queries; ++i) {
                Vector term;
                FetchVector(products + i * kKeys + key, term);
                term = (term - mine) * c;
                Exponential(term);
                sum += term;
              }
              StoreVector(sum, out + key);
            }
          },
      products_.data(), queries_, own.data(), sharpness_, of_keys.data());
  for (size_t key = 0; key < sums.size(); ++key) sums[key] += double{of_keys[key]};
}

}  // namespace kvwire
