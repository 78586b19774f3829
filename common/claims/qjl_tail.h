#ifndef KVWIRE_COMMON_CLAIMS_QJL_TAIL_H_
#define KVWIRE_COMMON_CLAIMS_QJL_TAIL_H_

// Lemma 3.5 of the QJL paper (Zandieh, Daliri, Han 2024): with m = (4/3) (1 + eps) eps^-2
// ln(2/delta) Gaussian rows the estimate of <q, k> from the signs of a sketch of k is
// within eps |q| |k|, but for a probability of delta. The second moment of a term is
// (pi/2) |q|^2 |k|^2, so that Bernstein's bound has pi + (4/3) eps where (4/3) (1 + eps) is
// printed; m = pi eps^-2 ln(2/delta) is enough, as sign_sketch.h proves.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/claims/claim.h"

namespace kvwire {

// Rounded up.
int64_t PrintedSketchRows(double epsilon, double delta);
int64_t ProvedSketchRows(double epsilon, double delta);

// A number of rows, and the error that they should not exceed.
struct SketchTrial {
  int64_t rows = 0;
  double epsilon = 0;
};

// How often the error of unit vectors with <q, k> = 0, the worst case, exceeds epsilon, for
// each trial. Draw i of all trials takes the first rows of one Gaussian sketch, of which
// only the span of q and k matters. O(draws max rows).
std::vector<Proportion> MeasureSketchFailures(absl::Span<const SketchTrial> trials,
                                              int64_t draws, uint64_t seed);

// The failures allowed, and those measured with either number of rows.
struct SketchTail {
  double delta = 0;
  Interval printed;
  Interval proved;
};

// Holds if all rates with the printed number of rows are at most delta. Does not hold if one
// with the proved number is above. In between, with other constants, if one with the
// printed number is above delta and none with the proved number.
Outcome JudgeQjlTail(absl::Span<const SketchTail> tails);

absl::StatusOr<ClaimReport> CheckQjlTail(const ClaimOptions& options);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CLAIMS_QJL_TAIL_H_
