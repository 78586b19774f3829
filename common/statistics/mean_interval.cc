#include "common/statistics/mean_interval.h"

#include <cmath>
#include <numbers>

namespace kvwire {
namespace {

// Pr[|T| <= sqrt(degrees) tan(angle)], 0 <= angle <= pi / 2.
double WithinAngle(double angle, int64_t degrees) {
  const double cosine = std::cos(angle);
  const bool odd = degrees % 2 == 1;
  // The term with cos^k, k = 0, 2, 4, ... (even) or 1, 3, 5, ... (odd), up to degrees - 2.
  double term = odd ? cosine : 1;
  double sum = 0;
  for (int64_t k = odd ? 1 : 0; k <= degrees - 2; k += 2) {
    sum += term;
    term *= cosine * cosine * static_cast<double>(k + 1) / static_cast<double>(k + 2);
  }
  if (!odd) return std::sin(angle) * sum;
  return (angle + std::sin(angle) * sum) * 2 / std::numbers::pi;
}

}  // namespace

double StudentWithin(double t, int64_t degrees) {
  return WithinAngle(std::atan(t / std::sqrt(static_cast<double>(degrees))), degrees);
}

double StudentQuantile(double confidence, int64_t degrees) {
  double low = 0;
  double high = std::numbers::pi / 2;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (WithinAngle(middle, degrees) < confidence ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan((low + high) / 2);
}

MeanInterval StudentInterval(absl::Span<const double> samples, double confidence) {
  const auto count = static_cast<double>(samples.size());
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / count;
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const auto degrees = static_cast<int64_t>(samples.size()) - 1;
  const double deviation = std::sqrt(squares / static_cast<double>(degrees));
  const double half = StudentQuantile(confidence, degrees) * deviation / std::sqrt(count);
  return {.mean = mean, .interval = {.lower = mean - half, .upper = mean + half}};
}

}  // namespace kvwire
