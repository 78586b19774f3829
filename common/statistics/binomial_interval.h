#ifndef KVWIRE_COMMON_STATISTICS_BINOMIAL_INTERVAL_H_
#define KVWIRE_COMMON_STATISTICS_BINOMIAL_INTERVAL_H_

// Exact confidence intervals of a measured proportion.

#include <cstdint>

#include "common/statistics/interval.h"

namespace kvwire {

// Pr[X <= successes] of X ~ Binomial(trials, rate), relative error below 1e-7 for up
// to a million trials. trials >= 0, 0 <= rate <= 1. O(successes).
double BinomialAtMost(int64_t successes, int64_t trials, double rate);

// The interval of Clopper and Pearson (1934): all rates under which neither so few nor
// so many successes are rarer than (1 - confidence) / 2. It covers the true rate with
// probability `confidence` at least, whatever the rate is. 0 <= successes <= trials,
// trials >= 1, 0 < confidence < 1. Absolute error below 1e-9.
Interval ClopperPearson(int64_t successes, int64_t trials, double confidence);

// How often something happened in independent trials. A rate and an interval need a
// trial at least.
struct Proportion {
  int64_t successes = 0;
  int64_t trials = 0;

  double rate() const { return static_cast<double>(successes) / static_cast<double>(trials); }
  // At 95 % confidence.
  Interval interval() const { return ClopperPearson(successes, trials, 0.95); }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_STATISTICS_BINOMIAL_INTERVAL_H_
