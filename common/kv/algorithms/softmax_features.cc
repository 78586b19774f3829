#include "common/kv/algorithms/softmax_features.h"

#include <cmath>

#include "common/base/counter_rng.h"
#include "common/base/portable_math.h"
#include "common/base/portable_sums.h"

namespace kvwire {
namespace {

constexpr uint64_t kDirectionStream = 0x7372656d726f6670;  // "pformers"

}  // namespace

SoftmaxFeatures::SoftmaxFeatures(int64_t features, int64_t dims, double scale, uint64_t seed)
    : scale_(scale), directions_(features, dims) {
  const CounterRng rng(seed, kDirectionStream);
  const double root = std::sqrt(scale);
  for (int64_t i = 0; i < features; ++i) {
    for (int64_t j = 0; j < dims; ++j) {
      const auto draw = static_cast<uint64_t>(i * dims + j);
      directions_(i, j) = static_cast<float>(root * rng.Normal(draw));
    }
  }
}

absl::Span<const float> SoftmaxFeatures::direction(int64_t feature) const {
  return absl::Span<const float>(directions_.row(feature).data(),
                                 static_cast<size_t>(directions_.cols()));
}

std::vector<float> SoftmaxFeatures::Of(absl::Span<const float> x) const {
  const double half_norm = 0.5 * scale_ * PortableSquaredNorm(x);
  std::vector<float> features;
  features.reserve(static_cast<size_t>(directions_.rows()));
  for (int64_t i = 0; i < directions_.rows(); ++i) {
    features.push_back(
        static_cast<float>(PortableExp(PortableDot(direction(i), x) - half_norm)));
  }
  return features;
}

}  // namespace kvwire
