#ifndef KVWIRE_COMMON_STATISTICS_MEAN_INTERVAL_H_
#define KVWIRE_COMMON_STATISTICS_MEAN_INTERVAL_H_

// Confidence intervals of the mean of a few independent measurements.

#include <cstdint>

#include "absl/types/span.h"
#include "common/statistics/interval.h"

namespace kvwire {

// Pr[|T| <= t] of Student's T with `degrees` degrees of freedom: the finite sums of
// Abramowitz and Stegun, 26.7.3 (odd degrees) and 26.7.4 (even). degrees >= 1, t >= 0.
// Absolute error below 1e-13 up to a million degrees. O(degrees).
double StudentWithin(double t, int64_t degrees);

// The t with Pr[|T| <= t] = confidence. degrees >= 1, 0 < confidence < 1. Relative error
// below 1e-9 for confidences up to 0.9999.
double StudentQuantile(double confidence, int64_t degrees);

struct MeanInterval {
  double mean = 0;
  Interval interval;
};

// The mean of n samples and Student's interval, mean +- t s / sqrt(n) with the sample
// deviation s and n - 1 degrees of freedom: it covers the expectation with probability
// `confidence` if the samples are independent draws of one normal distribution, and about
// that otherwise. It may pass the end of what the samples can be, and has no width where
// all are equal, which does not say that the next one would be. At least two samples,
// finite; sums in double in order.
MeanInterval StudentInterval(absl::Span<const double> samples, double confidence);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_STATISTICS_MEAN_INTERVAL_H_
