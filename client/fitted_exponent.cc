#include "client/fitted_exponent.h"

#include <cmath>

namespace kvwire {

double FittedExponent(absl::Span<const double> x, absl::Span<const double> y) {
  const auto count = static_cast<double>(x.size());
  double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  for (size_t k = 0; k < x.size(); ++k) {
    const double log_x = std::log(x[k]);
    const double log_y = std::log(y[k]);
    sum_x += log_x;
    sum_y += log_y;
    sum_xx += log_x * log_x;
    sum_xy += log_x * log_y;
  }
  return (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x * sum_x);
}

}  // namespace kvwire
