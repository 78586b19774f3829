#ifndef KVWIRE_COMMON_KV_ALGORITHMS_SOFTMAX_FEATURES_H_
#define KVWIRE_COMMON_KV_ALGORITHMS_SOFTMAX_FEATURES_H_

// Positive random features of the softmax kernel (Choromanski et al. 2021, the Performer):
// with w_1 .. w_m from N(0, I_d),
//   phi_i(x) = e^{sqrt(tau) <w_i, x> - tau ||x||^2 / 2},  E phi_i(q) phi_i(k) = e^{tau <q,
//   k>}.
// The relative variance of one feature is e^{tau ||q + k||^2} - 1: an average of m of them
// is of use only while tau ||q + k||^2 is below ln m or so.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/matrix.h"

namespace kvwire {

class SoftmaxFeatures {
 public:
  // m = features rows of directions in R^dims, a function of the seed; tau = scale.
  SoftmaxFeatures(int64_t features, int64_t dims, double scale, uint64_t seed);

  // sqrt(tau) w_i.
  absl::Span<const float> direction(int64_t feature) const;

  // phi_1(x) .. phi_m(x), rounded to binary32 (0 or infinity where that is all it can be).
  // On the portable path. O(m d).
  std::vector<float> Of(absl::Span<const float> x) const;

 private:
  double scale_;
  Matrix directions_;  // [m, d]
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHMS_SOFTMAX_FEATURES_H_
