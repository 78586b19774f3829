#include "common/base/portable_math.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "common/base/wide_loop.h"

namespace kvwire {
namespace {

// ln 2 in two parts (fdlibm): the first has 21 zero bits at its end, so that its
// product with any exponent of a double is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
// pi / 2 in three parts (fdlibm): the first two have 20 zero bits at their end.
constexpr double kHalfPiHigh = 1.57079632673412561417e+00;
constexpr double kHalfPiMiddle = 6.07710050630396597660e-11;
constexpr double kHalfPiLow = 2.02226624879595063154e-21;
constexpr double kTwoOverPi = 0.63661977236758134308;
constexpr double kLog2E = 1.4426950408889634074;
constexpr double kSqrtHalf = 0.70710678118654752440;

// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. Without a loop, so that compilers see the
// one around it.
template <size_t kFirst = 0, size_t N>
[[gnu::always_inline]] inline double Polynomial(const std::array<double, N>& c, double x) {
  if constexpr (kFirst + 1 == N) {
    return c[kFirst];
  } else {
    return Polynomial<kFirst + 1>(c, x) * x + c[kFirst];
  }
}

// Wichura's three rational approximations, numerators and denominators.
constexpr std::array<double, 8> kCentralTop = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr std::array<double, 8> kCentralBottom = {1.0,
                                                  4.2313330701600911252e1,
                                                  6.8718700749205790830e2,
                                                  5.3941960214247511077e3,
                                                  2.1213794301586595867e4,
                                                  3.9307895800092710610e4,
                                                  2.8729085735721942674e4,
                                                  5.2264952788528545610e3};
constexpr std::array<double, 8> kTailTop = {
    1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> kTailBottom = {1.0,
                                               2.05319162663775882187e0,
                                               1.67638483018380384940e0,
                                               6.89767334985100004550e-1,
                                               1.48103976427480074590e-1,
                                               1.51986665636164571966e-2,
                                               5.47593808499534494600e-4,
                                               1.05075007164441684324e-9};
constexpr std::array<double, 8> kFarTop = {
    6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> kFarBottom = {1.0,
                                              5.99832206555887937690e-1,
                                              1.36929880922735805310e-1,
                                              1.48753612908506148525e-2,
                                              7.86869131145613259100e-4,
                                              1.84631831751005468180e-5,
                                              1.42151175831644588870e-7,
                                              2.04426310338993978564e-15};

// 1/k! for k = 0 .. 13.
constexpr std::array<double, 14> InverseFactorials() {
  std::array<double, 14> terms = {};
  double factorial = 1;
  for (size_t k = 0; k < terms.size(); ++k) {
    if (k > 0) factorial *= static_cast<double>(k);
    terms[k] = 1 / factorial;
  }
  return terms;
}

// The series of artanh(s) / s in s^2: 1/(2k + 1) for k = 0 .. 11.
constexpr std::array<double, 12> InverseOdds() {
  std::array<double, 12> terms = {};
  for (size_t k = 0; k < terms.size(); ++k) terms[k] = 1.0 / static_cast<double>(2 * k + 1);
  return terms;
}

// The series in x^2 of cos x for offset 0, and of sin(x) / x for offset 1:
// (-1)^k / (2k + offset)! for k = 0 .. 9.
constexpr std::array<double, 10> AlternatingFactorials(int offset) {
  std::array<double, 10> terms = {};
  double factorial = 1;
  for (int k = 0; k < 10; ++k) {
    if (k > 0) factorial *= -(2 * k + offset) * (2 * k + offset - 1);
    terms[static_cast<size_t>(k)] = 1 / factorial;
  }
  return terms;
}

// The series of arcsin(x) / x in x^2: (2k)! / (4^k k!^2 (2k + 1)) for k = 0 .. 25.
constexpr std::array<double, 26> ArcsinSeries() {
  std::array<double, 26> terms = {};
  double binomial = 1;
  for (size_t k = 0; k < terms.size(); ++k) {
    if (k > 0) binomial *= static_cast<double>(2 * k - 1) / static_cast<double>(2 * k);
    terms[k] = binomial / static_cast<double>(2 * k + 1);
  }
  return terms;
}

constexpr std::array<double, 26> kArcsinSeries = ArcsinSeries();
constexpr std::array<double, 10> kCosSeries = AlternatingFactorials(0);
constexpr std::array<double, 10> kSinSeries = AlternatingFactorials(1);
constexpr std::array<double, 14> kExpSeries = InverseFactorials();
constexpr std::array<double, 12> kArtanhSeries = InverseOdds();

// sin(x + quarters pi / 2). x = k pi/2 + r with |r| <= pi/4, where ten terms leave 4e-21.
double SinPastQuarters(double x, int64_t quarters) {
  const double k = std::floor(x * kTwoOverPi + 0.5);
  const double r = ((x - k * kHalfPiHigh) - k * kHalfPiMiddle) - k * kHalfPiLow;
  const uint64_t quadrant = static_cast<uint64_t>(static_cast<int64_t>(k) + quarters) % 4;
  const double series =
      quadrant % 2 == 0 ? r * Polynomial(kSinSeries, r * r) : Polynomial(kCosSeries, r * r);
  return quadrant < 2 ? series : -series;
}

// ln(m 2^e), 1/2 <= m < 1, e whole.
[[gnu::always_inline]] inline double LogOfParts(double m, double e) {
  // m in [sqrt(1/2), sqrt(2)) once it is doubled where it is small, and ln m =
  // 2 artanh((m-1)/(m+1)): |s| < 0.1716, so the twelve terms leave 2e-20.
  const bool small = m < kSqrtHalf;
  const double mantissa = m * (small ? 2.0 : 1.0);
  const double exponent = e - (small ? 1.0 : 0.0);
  const double s = (mantissa - 1) / (mantissa + 1);
  const double series = 2 * s * Polynomial(kArtanhSeries, s * s);
  return exponent * kLn2High + (series + exponent * kLn2Low);
}

// ln x of a normal double x > 0.
[[gnu::always_inline]] inline double LogOfNormal(double x) {
  const auto bits = std::bit_cast<uint64_t>(x);
  const double m = std::bit_cast<double>((bits & 0x000fffffffffffff) | 0x3fe0000000000000);
  // A whole number below 2^52 as the last bits of 2^52 and more.
  const double biased = std::bit_cast<double>(bits >> 52 | 0x4330000000000000) - 0x1p52;
  return LogOfParts(m, biased - 1022);
}

constexpr double kCentralEnd = 0.425;
constexpr double kFarFrom = 5;

[[gnu::always_inline]] inline double CentralQuantile(double q) {
  const double r = 0.180625 - q * q;
  return q * Polynomial(kCentralTop, r) / Polynomial(kCentralBottom, r);
}

[[gnu::always_inline]] inline double TailQuantile(double r) {
  return Polynomial(kTailTop, r - 1.6) / Polynomial(kTailBottom, r - 1.6);
}

}  // namespace

double PortableLog(double x) {
  int e = 0;
  const double m = std::frexp(x, &e);
  return LogOfParts(m, e);
}

double PortableExp(double x) {
  if (x != x) return x;
  if (x < -746) return 0;
  if (x > 710) return std::numeric_limits<double>::infinity();
  // x = k ln 2 + r with |r| <= ln(2)/2, where fourteen terms leave 5e-18.
  const double k = std::floor(x * kLog2E + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  const double series = Polynomial(kExpSeries, r);
  const int exponent = static_cast<int>(k);
  if (exponent < -1021 || exponent > 1022) return std::ldexp(series, exponent);
  return series * std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

double PortableCos(double x) { return SinPastQuarters(x, 1); }

double PortableSin(double x) { return SinPastQuarters(x, 0); }

double PortableAcos(double x) {
  // At |x| <= 1/2, pi/2 - arcsin x, where 26 terms leave 5e-19. Beyond, twice the arcsine of
  // sqrt((1 - |x|) / 2) <= 1/2, in which nothing cancels: 1 - |x| is exact.
  constexpr double kHalfPi = 1.57079632679489655800e+00;
  constexpr double kHalfPiRest = 6.12323399573676603587e-17;
  const double size = x < 0 ? -x : x;
  if (size <= 0.5) return kHalfPi - (x * Polynomial(kArcsinSeries, x * x) - kHalfPiRest);
  const double square = (1 - size) / 2;
  const double half = std::sqrt(square) * Polynomial(kArcsinSeries, square);
  return x > 0 ? 2 * half : 2 * (kHalfPi - (half - kHalfPiRest));
}

double NormalQuantile(double p) {
  const double q = p - 0.5;
  if (q >= -kCentralEnd && q <= kCentralEnd) return CentralQuantile(q);
  const double r = std::sqrt(-PortableLog(q < 0 ? p : 1 - p));
  const double tail = r <= kFarFrom
                          ? TailQuantile(r)
                          : Polynomial(kFarTop, r - 5) / Polynomial(kFarBottom, r - 5);
  return q < 0 ? -tail : tail;
}

void NormalQuantiles(absl::Span<double> numbers) {
  constexpr size_t kAtOnce = 64;
  for (size_t done = 0; done < numbers.size(); done += kAtOnce) {
    const size_t count = std::min(kAtOnce, numbers.size() - done);
    double* const p = &numbers[done];
    // Those of the tails, 15 in 100, are put together first.
    std::array<size_t, kAtOnce> places;
    std::array<double, kAtOnce> ends;
    std::array<double, kAtOnce> masses;  // beyond
    std::array<double, kAtOnce> roots;
    std::array<double, kAtOnce> sizes;
    size_t tails = 0;
    for (size_t i = 0; i < count; ++i) {
      const double q = p[i] - 0.5;
      places[tails] = i;
      ends[tails] = p[i];
      masses[tails] = q < 0 ? p[i] : 1 - p[i];
      tails += q >= -kCentralEnd && q <= kCentralEnd ? 0 : 1;
    }
    RunWide(
        [](double* to, size_t n) KVWIRE_WIDE {
          for (size_t i = 0; i < n; ++i) to[i] = CentralQuantile(to[i] - 0.5);
        },
        p, count);
    RunWide(
        [](const double* mass, size_t n, double* root, double* to) KVWIRE_WIDE {
          for (size_t i = 0; i < n; ++i) root[i] = std::sqrt(-LogOfNormal(mass[i]));
          for (size_t i = 0; i < n; ++i) to[i] = TailQuantile(root[i]);
        },
        masses.data(), tails, roots.data(), sizes.data());
    for (size_t i = 0; i < tails; ++i) {
      const double quantile = ends[i] < 0.5 ? -sizes[i] : sizes[i];
      p[places[i]] = roots[i] <= kFarFrom ? quantile : NormalQuantile(ends[i]);
    }
  }
}

}  // namespace kvwire
