#include "common/kv/algorithms/seeded_rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/base/counter_rng.h"
#include "common/base/ordered_dot.h"
#include "common/base/status_macros.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"
#include "common/kv/algorithms/orthonormal_rows.h"

namespace kvwire {
namespace {

// The bytes "rotation" and "rotasign".
constexpr uint64_t kDenseStream = 0x6e6f697461746f72;
constexpr uint64_t kSignStream = 0x6e67697361746f72;

constexpr uint64_t kRounds = 2;

constexpr size_t kFirst = 8;

// The sums and differences of two times `count` numbers, a step of the transform.
template <typename Numbers>
[[gnu::always_inline]] inline void Butterfly(double* low, double* high, size_t count) {
  for (size_t i = 0; i < count; i += sizeof(Numbers) / sizeof(double)) {
    Numbers a = {};
    Numbers b = {};
    FetchVector(low + i, a);
    FetchVector(high + i, b);
    StoreVector(a + b, low + i);
    StoreVector(a - b, high + i);
  }
}

// The first three steps of eight numbers, within two vectors: a - b is -b + a.
[[gnu::always_inline]] inline void FirstSteps(double* x) {
  WideDoubles low;
  WideDoubles high;
  FetchVector(x, low);
  FetchVector(x + kWideLanes, high);
  constexpr WideDoubles kPairs = {1, -1, 1, -1};
  low = __builtin_shufflevector(low, low, 1, 0, 3, 2) + low * kPairs;
  high = __builtin_shufflevector(high, high, 1, 0, 3, 2) + high * kPairs;
  constexpr WideDoubles kHalves = {1, 1, -1, -1};
  low = __builtin_shufflevector(low, low, 2, 3, 0, 1) + low * kHalves;
  high = __builtin_shufflevector(high, high, 2, 3, 0, 1) + high * kHalves;
  StoreVector(low + high, x);
  StoreVector(low - high, x + kWideLanes);
}

// H x / sqrt(p) in place, H in the order of Sylvester; its own inverse. x.size() is p, a
// power of two.
void Hadamard(absl::Span<double> x) {
  const double scale = 1 / std::sqrt(static_cast<double>(x.size()));
  RunWide(
      [](double* numbers, size_t count, double factor) KVWIRE_WIDE {
        const size_t whole = count / kFirst * kFirst;
        for (size_t i = 0; i < whole; i += kFirst) FirstSteps(numbers + i);
        for (size_t half = whole == 0 ? 1 : kFirst; half < count; half *= 2) {
          for (double* low = numbers; low < numbers + count; low += 2 * half) {
            if (whole == 0) {
              Butterfly<double>(low, low + half, half);
            } else {
              Butterfly<WideDoubles>(low, low + half, half);
            }
          }
        }
        for (size_t i = 0; i < count; ++i) numbers[i] *= factor;
      },
      x.data(), x.size(), scale);
}

// Turns x_i and x_{i + ceil(w/2)} by 45 degrees, mirrored: its own inverse.
void TurnHalves(absl::Span<double> row) {
  const double scale = std::sqrt(0.5);
  const size_t apart = (row.size() + 1) / 2;
  for (size_t i = 0; i + apart < row.size(); ++i) {
    const double sum = scale * (row[i] + row[i + apart]);
    row[i + apart] = scale * (row[i] - row[i + apart]);
    row[i] = sum;
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SeededRotation>> SeededRotation::Create(
    const AlgorithmSpec& spec, uint64_t seed, int64_t width) {
  KVWIRE_ASSIGN_OR_RETURN(const int choice, spec.ChoiceOption("rotation", kRotations));
  const bool dense = choice == 1;
  if (dense) KVWIRE_RETURN_IF_ERROR(CheckOrthonormalRows(width, width));
  return std::shared_ptr<const SeededRotation>(new SeededRotation(dense, seed, width));
}

SeededRotation::SeededRotation(bool dense, uint64_t seed, int64_t width)
    : dense_(dense),
      seed_(seed),
      width_(width),
      power_(std::bit_floor(static_cast<size_t>(width))) {
  if (!dense_) DrawSigns();
}

const std::vector<double>& SeededRotation::Axes() const {
  std::call_once(made_, [this] {
    axes_ = OrthonormalRows(CounterRng(seed_, kDenseStream), 0, width_, width_);
  });
  return axes_;
}

void SeededRotation::ApplyDense(absl::Span<double> row) const {
  const std::vector<double>& axes = Axes();
  const std::vector<double> x(row.begin(), row.end());
  for (size_t i = 0; i < row.size(); ++i) {
    const absl::Span<const double> axis(axes.data() + i * row.size(), row.size());
    row[i] = OrderedDot<double, double>(axis, x);
  }
}

void SeededRotation::InvertDense(absl::Span<double> row) const {
  const std::vector<double>& axes = Axes();
  const std::vector<double> y(row.begin(), row.end());
  std::fill(row.begin(), row.end(), 0.0);
  for (size_t i = 0; i < row.size(); ++i) {
    for (size_t j = 0; j < row.size(); ++j) row[j] += y[i] * axes[i * row.size() + j];
  }
}

void SeededRotation::DrawSigns() {
  const CounterRng rng(seed_, kSignStream);
  const uint64_t mixes = power_ == static_cast<size_t>(width_) ? 1 : 2 * kRounds;
  const uint64_t words = (power_ + 63) / 64;
  for (uint64_t mix = 0; mix < mixes; ++mix) {
    for (size_t j = 0; j < power_; ++j) {
      const uint64_t word = rng.Bits(mix * words + j / 64);
      signs_.push_back((word >> j % 64 & 1) != 0 ? -1 : 1);
    }
  }
}

void SeededRotation::FlipSigns(uint64_t mix, absl::Span<double> part) const {
  const double* signs = &signs_[mix * power_];
  for (size_t j = 0; j < part.size(); ++j) part[j] *= signs[j];
}

void SeededRotation::Mix(uint64_t mix, absl::Span<double> part) const {
  FlipSigns(mix, part);
  Hadamard(part);
}

void SeededRotation::Unmix(uint64_t mix, absl::Span<double> part) const {
  Hadamard(part);
  FlipSigns(mix, part);
}

void SeededRotation::Apply(absl::Span<double> row) const {
  if (dense_) return ApplyDense(row);
  if (power_ == row.size()) return Mix(0, row);
  for (uint64_t round = 0; round < kRounds; ++round) {
    Mix(2 * round, row.first(power_));
    Mix(2 * round + 1, row.last(power_));
    TurnHalves(row);
  }
}

void SeededRotation::Invert(absl::Span<double> row) const {
  if (dense_) return InvertDense(row);
  if (power_ == row.size()) return Unmix(0, row);
  for (uint64_t round = kRounds; round-- > 0;) {
    TurnHalves(row);
    Unmix(2 * round + 1, row.last(power_));
    Unmix(2 * round, row.first(power_));
  }
}

}  // namespace kvwire
