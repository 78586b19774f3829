#ifndef KVWIRE_COMMON_CLAIMS_FRAME_DRAWS_H_
#define KVWIRE_COMMON_CLAIMS_FRAME_DRAWS_H_

// Many random key frames of one kind, and what the claims ask of each.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "common/attention/key_frame.h"
#include "common/statistics/binomial_interval.h"

namespace kvwire {

// A family of frames. rows, dims >= 1.
struct FrameFamily {
  KeyFrameKind kind = KeyFrameKind::kUnit;  // kUnit or kGaussian
  int64_t rows = 0;                         // L
  int64_t dims = 0;                         // d
};

// Member `draw` of the family; another one for each seed and each number.
KeyFrame DrawFrame(const FrameFamily& family, uint64_t seed, int64_t draw);

// How often `holds` is true of the draws 0 .. draws - 1. It is called from several
// threads at once.
Proportion CountDraws(int64_t draws, absl::FunctionRef<bool(int64_t)> holds);

// max |<k_i, k_j> - delta_ij| over all i, j: the epsilon of the papers. O(L^2 d).
double LargestDeviation(const KeyFrame& frame);

// max of <k_i, k_j>, i != j, and of 1 - |k_i|^2: the side of epsilon that the proof of
// Theorem 4.5 uses, for a negative product or a long key only helps. O(L^2 d).
double LargestHarmfulDeviation(const KeyFrame& frame);

// max_i W_i(C), see common/attention/interference.h. Every bit of every row can be read
// whatever the bits are if and only if it is below 1. O(L^2 d).
double LargestInterference(const KeyFrame& frame, double sharpness);

// The papers' C = 2 ln(L + n^2 - 1) / (1 - epsilon) (proof of Theorem 4.5), for L keys
// and a last scale of n x n.
double PaperSharpness(int64_t rows, int64_t side, double epsilon);

// L = (n^2 - 1) / 3 of the pyramid 1, 2, 4, ..., n.
int64_t PyramidTokens(int64_t side);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CLAIMS_FRAME_DRAWS_H_
