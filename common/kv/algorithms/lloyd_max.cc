#include "common/kv/algorithms/lloyd_max.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <utility>

#include "common/base/portable_math.h"
#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"

namespace kvwire {
namespace {

// So many are compared with every number in less time than some are one after the other.
constexpr size_t kFewBounds = 31;

constexpr int kGridCells = 1024;
constexpr int kMostSteps = 100;
constexpr double kConverged = 1e-13;  // relative to high - low

// A normal number is beyond with probability 2e-19.
constexpr double kNormalEnd = 9;

// Gauss-Legendre quadrature of five nodes on [-1, 1], exact to degree 9.
constexpr std::array<double, 5> kNodes = {-0.90617984593866399280, -0.53846931010568309104,
                                          0.0, 0.53846931010568309104, 0.90617984593866399280};
constexpr std::array<double, 5> kWeights = {0.23692688505618908751, 0.47862867049936646804,
                                            0.56888888888888888889, 0.47862867049936646804,
                                            0.23692688505618908751};
constexpr int kPanels = 16;

using LogDensity = absl::FunctionRef<double(double)>;

// Integrals over a cell of the density f, and of f times (x - origin).
struct Moments {
  double mass = 0;
  double first = 0;
};

Moments Integrate(double low, double high, double origin, LogDensity log_density) {
  const double half = (high - low) / (2 * kPanels);
  Moments moments;
  for (int panel = 0; panel < kPanels; ++panel) {
    const double middle = low + (2 * panel + 1) * half;
    for (size_t i = 0; i < kNodes.size(); ++i) {
      const double x = middle + half * kNodes[i];
      const double mass = kWeights[i] * half * PortableExp(log_density(x));
      moments.mass += mass;
      moments.first += mass * (x - origin);
    }
  }
  return moments;
}

// The (i + 1/2) / count quantiles of the density f^(1/3), i = 0 .. count - 1.
std::vector<double> CompandedLevels(size_t count, double low, double high,
                                    LogDensity log_density) {
  const double width = (high - low) / kGridCells;
  std::vector<double> cells(kGridCells);
  double total = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i] = PortableExp(log_density(low + (static_cast<double>(i) + 0.5) * width) / 3);
    total += cells[i];
  }
  std::vector<double> levels;
  double below = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    while (levels.size() < count) {
      const double target =
          total * (static_cast<double>(levels.size()) + 0.5) / static_cast<double>(count);
      if (target > below + cells[i]) break;
      levels.push_back(low + (static_cast<double>(i) + (target - below) / cells[i]) * width);
    }
    below += cells[i];
  }
  return levels;
}

std::vector<double> Midpoints(const std::vector<double>& levels) {
  std::vector<double> bounds;
  for (size_t i = 1; i < levels.size(); ++i) {
    bounds.push_back((levels[i - 1] + levels[i]) / 2);
  }
  return bounds;
}

// What the mean squared error D(c) = sum_i int_{cell i} f(x) (x - c_i)^2 dx looks like
// around the levels c: half its negative gradient, and half its second derivatives, a
// symmetric tridiagonal matrix.
struct Neighbourhood {
  std::vector<double> descent;   // int_{cell i} f (x - c_i)
  std::vector<double> masses;    // int_{cell i} f
  std::vector<double> diagonal;  // masses less the couplings on both sides
  std::vector<double> coupling;  // f(bound) / 4 times the distance of the levels beside it
};

Neighbourhood Explore(const std::vector<double>& levels, double low, double high,
                      LogDensity log_density) {
  const std::vector<double> bounds = Midpoints(levels);
  Neighbourhood around;
  for (size_t i = 0; i < levels.size(); ++i) {
    const Moments moments =
        Integrate(i == 0 ? low : bounds[i - 1], i == bounds.size() ? high : bounds[i],
                  levels[i], log_density);
    around.descent.push_back(moments.first);
    around.masses.push_back(moments.mass);
  }
  around.diagonal = around.masses;
  for (size_t i = 0; i < bounds.size(); ++i) {
    around.coupling.push_back(PortableExp(log_density(bounds[i])) *
                              (levels[i + 1] - levels[i]) / 4);
    around.diagonal[i] -= around.coupling[i];
    around.diagonal[i + 1] -= around.coupling[i];
  }
  return around;
}

// The step to the minimum of the quadratic form, by elimination from the top; nothing if
// it has none.
std::vector<double> NewtonStep(Neighbourhood around) {
  std::vector<double>& step = around.descent;
  for (size_t i = 0; i < step.size(); ++i) {
    if (i > 0) {
      const double factor = around.coupling[i - 1] / around.diagonal[i - 1];
      around.diagonal[i] -= factor * around.coupling[i - 1];
      step[i] += factor * step[i - 1];
    }
    if (!(around.diagonal[i] > 0)) return {};
  }
  step.back() /= around.diagonal.back();
  for (size_t i = step.size() - 1; i-- > 0;) {
    step[i] = (step[i] + around.coupling[i] * step[i + 1]) / around.diagonal[i];
  }
  return std::move(step);
}

// Lloyd's step: every level to the mean of its cell, which never raises the error.
std::vector<double> LloydStep(const Neighbourhood& around) {
  std::vector<double> step = around.descent;
  for (size_t i = 0; i < step.size(); ++i) step[i] /= around.masses[i];
  return step;
}

// Whether levels + step still ascend within the range.
bool StaysInOrder(const std::vector<double>& levels, const std::vector<double>& step,
                  double low, double high) {
  double before = low;
  for (size_t i = 0; i < step.size(); ++i) {
    if (!(levels[i] + step[i] > before)) return false;
    before = levels[i] + step[i];
  }
  return !step.empty() && before < high;
}

}  // namespace

Codebook LloydMaxCodebook(int bits, double low, double high, LogDensity log_density) {
  std::vector<double> levels = CompandedLevels(size_t{1} << bits, low, high, log_density);
  for (int round = 0; round < kMostSteps; ++round) {
    const Neighbourhood around = Explore(levels, low, high, log_density);
    std::vector<double> step = NewtonStep(around);
    if (!StaysInOrder(levels, step, low, high)) step = LloydStep(around);
    double largest = 0;
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] += step[i];
      largest = std::max(largest, std::fabs(step[i]));
    }
    if (largest < kConverged * (high - low)) break;
  }
  std::vector<double> bounds = Midpoints(levels);
  return {std::move(levels), std::move(bounds)};
}

void Codebook::CodesOf(absl::Span<const double> numbers, uint8_t* codes) const {
  if (bounds.size() > kFewBounds) {
    std::transform(numbers.begin(), numbers.end(), codes,
                   [this](double number) { return static_cast<uint8_t>(CodeOf(number)); });
    return;
  }
  RunWide(
      [](const double* from, size_t count, const double* limits, size_t limit_count,
         uint8_t* to) KVWIRE_WIDE {
        size_t i = 0;
        for (; i + 2 * kWideLanes <= count; i += 2 * kWideLanes) {
          WideDoubles low;
          WideDoubles high;
          FetchVector(from + i, low);
          FetchVector(from + i + kWideLanes, high);
          WideIntegers low_codes = {};
          WideIntegers high_codes = {};
          for (size_t limit = 0; limit < limit_count; ++limit) {
            const WideDoubles all = WideDoubles{} + limits[limit];
            low_codes -= low > all;  // -1 where it is
            high_codes -= high > all;
          }
          for (size_t lane = 0; lane < kWideLanes; ++lane) {
            to[i + lane] = static_cast<uint8_t>(low_codes[lane]);
            to[i + kWideLanes + lane] = static_cast<uint8_t>(high_codes[lane]);
          }
        }
        for (; i < count; ++i) {
          int64_t above = 0;
          for (size_t limit = 0; limit < limit_count; ++limit) {
            above += from[i] > limits[limit] ? 1 : 0;
          }
          to[i] = static_cast<uint8_t>(above);
        }
      },
      numbers.data(), numbers.size(), bounds.data(), bounds.size(), codes);
}

const Codebook& NormalCodebook(int bits) {
  static auto& codebooks = *new std::array<Codebook, kMaxCodebookBits + 1>;
  static std::array<std::once_flag, kMaxCodebookBits + 1> computed;
  const auto place = static_cast<size_t>(bits);
  std::call_once(computed[place], [&] {
    codebooks[place] =
        LloydMaxCodebook(bits, -kNormalEnd, kNormalEnd, [](double x) { return -x * x / 2; });
  });
  return codebooks[place];
}

}  // namespace kvwire
