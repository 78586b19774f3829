#include "common/kv/score_scale.h"

#include <cmath>

namespace kvwire {

absl::StatusOr<double> ScoreScale(const AlgorithmSpec& spec, int64_t dims) {
  const auto found = spec.options().find(kScaleOption);
  if (found != spec.options().end() && found->second == "rsqrt") {
    return 1 / std::sqrt(static_cast<double>(dims));
  }
  return spec.RealOption(kScaleOption, 1, 1e-6, 1e6);
}

}  // namespace kvwire
