#include "common/base/portable_sums.h"

#include <cstddef>

namespace kvwire {
namespace {

constexpr size_t kLanes = 8;

// The sum of term(j), 0 <= j < count.
template <typename Term>
double SumInLanes(size_t count, Term term) {
  double lanes[kLanes] = {};
  size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(j + lane);
  }
  for (size_t lane = 0; j < count; ++lane, ++j) lanes[lane] += term(j);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace

double PortableDot(absl::Span<const float> a, absl::Span<const float> b) {
  const float* const left = a.data();
  const float* const right = b.data();
  return SumInLanes(a.size(), [=](size_t j) { return double{left[j]} * double{right[j]}; });
}

double PortableSquaredNorm(absl::Span<const float> a) { return PortableDot(a, a); }

double PortableSquaredDistance(absl::Span<const float> a, absl::Span<const float> b) {
  const float* const left = a.data();
  const float* const right = b.data();
  return SumInLanes(a.size(), [=](size_t j) {
    const double difference = double{left[j]} - double{right[j]};
    return difference * difference;
  });
}

}  // namespace kvwire
