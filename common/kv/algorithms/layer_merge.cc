#include "common/kv/algorithms/layer_merge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ordered_dot.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

// Below it the sines' quotients are nothing but rounding errors.
constexpr double kLeastSine = 1e-6;

// A unit whose numbers were rounded to binary32 is off by 6e-8 at most.
constexpr double kUnitTolerance = 1e-6;

// What the two units weigh in the direction between them.
struct Weights {
  double lower;
  double upper;
};

Weights Between(double angle, double t) {
  const double sine = PortableSin(angle);
  if (sine < kLeastSine) return {1 - t, t};
  return {PortableSin((1 - t) * angle) / sine, PortableSin(t * angle) / sine};
}

}  // namespace

auto LayerMerge::LayersOf(absl::Span<const float> vector) const -> Layers {
  const auto lower_width = static_cast<size_t>(direction_width());
  Layers layers = {vector.first(lower_width), vector.subspan(lower_width), 0, 0, 0};
  layers.lower_length = OrderedNorm(layers.lower);
  layers.upper_length = OrderedNorm(layers.upper);
  if (layers.lower_length == 0 || layers.upper_length == 0) return layers;
  const double dot = OrderedDot(layers.lower.first(layers.upper.size()), layers.upper);
  const double cosine = dot / (layers.lower_length * layers.upper_length);
  layers.angle = PortableAcos(std::clamp(cosine, -1.0, 1.0));
  return layers;
}

absl::Status LayerMerge::CheckLengths(absl::Span<const float> vector) const {
  const auto lower_width = static_cast<size_t>(direction_width());
  const double length = std::max(OrderedNorm(vector.first(lower_width)),
                                 OrderedNorm(vector.subspan(lower_width)));
  if (length <= static_cast<double>(std::numeric_limits<float>::max())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a layer's vector of length ", length, " is over the range of binary32"));
}

double LayerMerge::Angle(absl::Span<const float> vector) const {
  return LayersOf(vector).angle;
}

void LayerMerge::Merge(absl::Span<const float> vector, absl::Span<float> direction,
                       absl::Span<float> lengths) const {
  const Layers layers = LayersOf(vector);
  lengths[0] = static_cast<float>(layers.lower_length);
  lengths[1] = static_cast<float>(layers.upper_length);
  Weights weights = Between(layers.angle, t_);
  if (layers.lower_length == 0) weights = {0, 1};
  if (layers.upper_length == 0) weights = {1, 0};

  // A layer of zeros has a unit of zeros.
  const double lower_divisor = layers.lower_length == 0 ? 1 : layers.lower_length;
  const double upper_divisor = layers.upper_length == 0 ? 1 : layers.upper_length;
  std::vector<double> between(direction.size());
  for (size_t i = 0; i < between.size(); ++i) {
    between[i] = weights.lower * (static_cast<double>(layers.lower[i]) / lower_divisor);
    if (i == layers.upper.size()) continue;
    between[i] += weights.upper * (static_cast<double>(layers.upper[i]) / upper_divisor);
  }
  double length = OrderedNorm<double>(between);
  if (length == 0) {
    std::copy(layers.lower.begin(), layers.lower.end(), between.begin());
    length = lower_divisor;
  }
  std::transform(between.begin(), between.end(), direction.begin(),
                 [length](double number) { return static_cast<float>(number / length); });
}

void LayerMerge::Restore(absl::Span<const float> direction, absl::Span<const float> lengths,
                         absl::Span<float> vector) {
  for (size_t i = 0; i < vector.size(); ++i) {
    const bool lower = i < direction.size();
    vector[i] =
        static_cast<float>(static_cast<double>(lengths[lower ? 0 : 1]) *
                           static_cast<double>(direction[lower ? i : i - direction.size()]));
  }
}

absl::Status LayerMerge::CheckMerged(absl::Span<const float> direction,
                                     absl::Span<const float> lengths) const {
  for (const float length : lengths) {
    if (!std::signbit(length)) continue;
    return absl::DataLossError(absl::StrCat("a layer's length of ", length));
  }
  if (width_ == 1 && lengths[1] != 0) {
    return absl::DataLossError("the length of a layer that has no coordinates is not 0");
  }
  const double length = OrderedNorm(direction);
  const bool zero = lengths[0] == 0 && lengths[1] == 0;
  if (zero ? length == 0 : std::fabs(length - 1) <= kUnitTolerance) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("a direction of length ", length, " for layers of ",
                                          lengths[0], " and ", lengths[1]));
}

}  // namespace kvwire
