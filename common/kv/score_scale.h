#ifndef KVWIRE_COMMON_KV_SCORE_SCALE_H_
#define KVWIRE_COMMON_KV_SCORE_SCALE_H_

// The factor of every score <q, k>, an option that all algorithms have: scale=1, as in
// the papers, scale=rsqrt for the 1/sqrt(d) of language models, or any number.

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/kv/algorithm_spec.h"

namespace kvwire {

inline constexpr std::string_view kScaleOption = "scale";

// The factor that `spec` asks for in d dimensions: rounded to double once, the same on
// every machine. Returns INVALID_ARGUMENT unless the option is rsqrt or a number from
// 1e-6 to 1e6.
absl::StatusOr<double> ScoreScale(const AlgorithmSpec& spec, int64_t dims);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_SCORE_SCALE_H_
