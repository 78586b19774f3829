#ifndef KVWIRE_COMMON_CLAIMS_QJL_SCORES_H_
#define KVWIRE_COMMON_CLAIMS_QJL_SCORES_H_

// Theorem 3.6 of the QJL paper (Zandieh, Daliri, Han 2024): if query and keys are no longer
// than r, m = 2 r^2 eps^-2 ln n signs a key keep each of n softmax scores within a factor
// of 1 +- 3 eps. What a sketch keeps within eps is <q, k> / (|q| |k|), so that the proof
// must take eps / r^2 for eps, which costs r^4:
//   m = pi r^4 eps^-2 ln(2 n / delta)
// keep all n products within eps but for a probability of delta (sign_sketch.h), and then
// the scores within e^(+-2 eps), which is within 1 +- 3 eps for eps <= 0.38.

#include <cstdint>

#include "absl/types/span.h"
#include "common/claims/claim.h"

namespace kvwire {

// n keys of length r in few dimensions, a query of length r, and a Gaussian sketch.
struct ScoreTrial {
  int64_t keys = 0;
  double radius = 0;
  int64_t rows = 0;  // m
  double epsilon = 0;
};

// Rounded up.
int64_t PrintedScoreRows(int64_t keys, double radius, double epsilon);
int64_t ProvedScoreRows(int64_t keys, double radius, double epsilon, double delta);

struct ScoreErrors {
  Proportion failures;  // draws in which some score is off by more than 3 epsilon of it
  double worst = 0;     // the largest error of all, relative to the score
};

// O(draws rows keys).
ScoreErrors MeasureScoreErrors(const ScoreTrial& trial, int64_t draws, uint64_t seed);

// From the intervals of the failure rate with the printed m, one for each r: does not hold
// if one is above 1/10, holds if all are below. (The theorem says 1/poly(n).)
Outcome JudgeQjlScores(absl::Span<const Interval> failures);

// Judges r = 1, 2 and 4.
absl::StatusOr<ClaimReport> CheckQjlScores(const ClaimOptions& options);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CLAIMS_QJL_SCORES_H_
