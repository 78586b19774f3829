#ifndef KVWIRE_COMMON_ATTENTION_INTERFERENCE_H_
#define KVWIRE_COMMON_ATTENTION_INTERFERENCE_H_

// How much the other keys disturb a query, and the sharpness that silences them.
// For the query q = C k_i over a frame with Gram matrix G,
//   W_i(C) = sum_{m != i} exp(C (G_mi - G_ii))
// is the softmax mass of the other real rows relative to row i's own. Every bit
// of row i can be decoded for every x if and only if W_i(C) < 1.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/attention/key_frame.h"

namespace kvwire {

// What Bob must know of one row to place his threshold.
struct RowMass {
  double interference;  // W_i(C)
  double self_score;    // C G_ii, the score of the row's own key
};

// Returns W_i and C G_ii for each row of `rows` (indices below frame.rows()).
// O(|rows| L d). Accurate to float32 inner products, and the last bits can differ with how
// many rows there are; exponents are cut at +-80.
std::vector<RowMass> MeasureRows(const KeyFrame& frame, double sharpness,
                                 absl::Span<const int64_t> rows);

// Sharpness is solved on a grid of sixteenths, so that it is one exact number.
inline constexpr double kSharpnessStep = 1.0 / 16;
// 2^23, where float32 attention ends. Its scores are off by up to (d + 1) C 2^-24
// (decodability.h), which is 1.5 for the fewest dimensions of use, d = 2: the other rows
// can weigh e^3 times as much as they should, and SolveSharpness at W <= 0.1 leaves them
// a factor of 10 only.
inline constexpr int64_t kLargestSharpness = 8388608;

// Returns the least positive multiple C of kSharpnessStep with W_i(C) <= largest_mass
// for every row. Deterministic to the bit on any machine and thread count: float32
// products only propose, and any row near the decision is settled by a fixed-order
// double sum. Returns FAILED_PRECONDITION if no C up to kLargestSharpness does it
// (raw Gaussian keys in too few dimensions; keys that repeat, or that float32 hardly
// tells apart: on a circle from 7000 on), naming what to change, and
// INVALID_ARGUMENT unless 0 < largest_mass < 1.
// O(L^2 d) time, memory independent of L^2.
absl::StatusOr<double> SolveSharpness(const KeyFrame& frame, double largest_mass);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_ATTENTION_INTERFERENCE_H_
