#include "common/statistics/binomial_interval.h"

#include <cmath>

#include "absl/functional/function_ref.h"

namespace kvwire {
namespace {

double LogFactorial(int64_t n) { return std::lgamma(static_cast<double>(n) + 1); }

// Returns the rate at which `tail`, falling in the rate, is down to `level`.
double WhereTailFallsTo(double level, absl::FunctionRef<double(double)> tail) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (tail(middle) > level ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double BinomialAtMost(int64_t successes, int64_t trials, double rate) {
  if (successes < 0) return 0;
  if (successes >= trials || rate <= 0) return 1;
  if (rate >= 1) return 0;
  double sum = 0;
  for (int64_t k = 0; k <= successes; ++k) {
    sum += std::exp(LogFactorial(trials) - LogFactorial(k) - LogFactorial(trials - k) +
                    static_cast<double>(k) * std::log(rate) +
                    static_cast<double>(trials - k) * std::log1p(-rate));
  }
  return sum;
}

Interval ClopperPearson(int64_t successes, int64_t trials, double confidence) {
  const double level = (1 - confidence) / 2;
  Interval interval;
  if (successes < trials) {
    interval.upper = WhereTailFallsTo(
        level, [&](double rate) { return BinomialAtMost(successes, trials, rate); });
  }
  if (successes > 0) {
    // So many successes or more are so few failures or fewer, of which the rate falls.
    const int64_t failures = trials - successes;
    interval.lower = 1 - WhereTailFallsTo(level, [&](double rate) {
                       return BinomialAtMost(failures, trials, rate);
                     });
  }
  return interval;
}

}  // namespace kvwire
