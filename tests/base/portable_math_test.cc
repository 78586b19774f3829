#include "common/base/portable_math.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "common/base/little_endian.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double RelativeError(double value, long double truth) {
  return static_cast<double>(std::fabs((value - truth) / truth));
}

TEST(PortableMathTest, ExpIsWithinOnePartIn1e15OverItsWholeRange) {
  double worst = 0;
  for (int i = -708 * 256; i < 709 * 256; ++i) {
    const double x = i / 256.0 + 0.00137;
    worst =
        std::max(worst, RelativeError(PortableExp(x), std::exp(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, 1e-15);
  EXPECT_GT(worst, 1e-17);
}

TEST(PortableMathTest, ExpReachesItsExtremes) {
  EXPECT_EQ(PortableExp(0), 1);
  EXPECT_EQ(PortableExp(-0.0), 1);
  EXPECT_EQ(PortableExp(-746.5), 0);
  EXPECT_EQ(PortableExp(-1e300), 0);
  EXPECT_EQ(PortableExp(-kInfinity), 0);
  EXPECT_EQ(PortableExp(709.8), kInfinity);
  EXPECT_EQ(PortableExp(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(PortableExp(std::nan(""))));
  EXPECT_LT(RelativeError(PortableExp(709.78), std::exp(709.78L)), 1e-13);
  // Denormal results are within one unit of the last place.
  for (double x = -745; x < -708; x += 0.01) {
    const double last_place = std::numeric_limits<double>::denorm_min();
    ASSERT_NEAR(PortableExp(x), static_cast<double>(std::exp(static_cast<long double>(x))),
                std::max(last_place, 1e-15 * std::exp(x)));
  }
}

TEST(PortableMathTest, LogIsWithinOnePartIn1e15AtEveryScale) {
  double worst = 0;
  for (int e = -1074; e < 1024; ++e) {
    for (double m = 1; m < 2; m += 0.00731) {
      const double x = std::ldexp(m, e);
      if (x == 1) continue;
      worst = std::max(worst,
                       RelativeError(PortableLog(x), std::log(static_cast<long double>(x))));
    }
  }
  EXPECT_LT(worst, 1e-15);
  EXPECT_GT(worst, 1e-17);
}

TEST(PortableMathTest, LogIsAccurateOnBothSidesOfOne) {
  EXPECT_EQ(PortableLog(1), 0);
  for (int bits = 1; bits <= 52; ++bits) {
    const long double h = std::ldexp(1.0L, -bits);
    EXPECT_LT(RelativeError(PortableLog(static_cast<double>(1 + h)), std::log1p(h)), 1e-15);
    EXPECT_LT(RelativeError(PortableLog(static_cast<double>(1 - h)), std::log1p(-h)), 1e-15);
  }
}

TEST(PortableMathTest, CosAndSinAreWithin1e15OverTheirWholeRange) {
  double worst = 0;
  for (int i = -200000; i <= 200000; ++i) {
    const double x = i / 200000.0 * (i % 2 == 0 ? 1e6 : 7);
    const auto wide = static_cast<long double>(x);
    worst = std::max(worst, static_cast<double>(std::fabs(PortableCos(x) - std::cos(wide))));
    worst = std::max(worst, static_cast<double>(std::fabs(PortableSin(x) - std::sin(wide))));
  }
  EXPECT_LT(worst, 1e-15);
  EXPECT_GT(worst, 1e-17);
}

TEST(PortableMathTest, CosIsEvenAndSinIsOddAndTheirSquaresSumToOne) {
  EXPECT_EQ(PortableCos(0), 1);
  EXPECT_EQ(PortableSin(0), 0);
  for (int i = 1; i < 20000; ++i) {
    const double x = i * 0.37;
    ASSERT_EQ(PortableCos(x), PortableCos(-x));
    ASSERT_EQ(PortableSin(x), -PortableSin(-x));
    ASSERT_NEAR(PortableCos(x) * PortableCos(x) + PortableSin(x) * PortableSin(x), 1, 4e-16);
  }
}

TEST(PortableMathTest, AcosIsWithinThreeUnitsOfTheLastPlace) {
  double worst = 0;
  const auto take = [&worst](double x) {
    const long double truth = std::acos(static_cast<long double>(x));
    const auto near = static_cast<double>(truth);
    const double place = std::nextafter(near, kInfinity) - near;
    worst = std::max(worst, static_cast<double>(std::fabs(PortableAcos(x) - truth)) / place);
  };
  for (int i = -1000000; i <= 1000000; ++i) take(i / 1000000.0);
  // As close to the ends, to zero and to the seams as doubles come.
  for (int bits = 2; bits <= 53; ++bits) {
    const double h = std::ldexp(1.0, -bits);
    for (const double x : {1 - h, h, 0.5 - h, 0.5 + h}) {
      take(x);
      take(-x);
    }
  }
  EXPECT_LT(worst, 3);
  EXPECT_GT(worst, 0.4);
}

TEST(PortableMathTest, AcosReachesItsEndsAndFalls) {
  EXPECT_EQ(PortableAcos(1), 0);
  EXPECT_EQ(PortableAcos(-1), std::acos(-1.0));
  EXPECT_EQ(PortableAcos(0), std::acos(0.0));
  EXPECT_EQ(PortableAcos(-0.0), std::acos(0.0));
  double previous = kInfinity;
  for (int i = -8192; i <= 8192; ++i) {
    ASSERT_LT(PortableAcos(i / 8192.0), previous);
    previous = PortableAcos(i / 8192.0);
  }
}

TEST(PortableMathTest, QuantileUndoesTheNormalDistribution) {
  // An error e of z moves Phi(z) by e phi(z).
  const auto error = [](double p, double z) {
    const long double x = z;
    const long double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846L);
    const long double back = std::erfc(-x / std::sqrt(2.0L)) / 2;
    return static_cast<double>(std::fabs((back - p) / density / x));
  };
  double worst = 0;
  for (int i = 1; i < 200000; ++i) {
    worst = std::max(worst, error(i / 400000.0, NormalQuantile(i / 400000.0)));
  }
  for (int e = 18; e < 1022; ++e) {
    const double p = std::ldexp(0.7, -e);
    worst = std::max(worst, error(p, NormalQuantile(p)));
  }
  EXPECT_LT(worst, 2e-15);
  EXPECT_GT(worst, 1e-17);
}

TEST(PortableMathTest, QuantileIsOddAndIncreasing) {
  EXPECT_EQ(NormalQuantile(0.5), 0);
  double previous = -kInfinity;
  for (int i = 1; i < 8192; ++i) {
    const double p = i / 8192.0;
    ASSERT_EQ(NormalQuantile(p), -NormalQuantile(1 - p));
    ASSERT_GT(NormalQuantile(p), previous);
    previous = NormalQuantile(p);
  }
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-15);
}

// The header's promise is about bits, so they are pinned: this fails on a machine
// or compiler whose arithmetic is not plain IEEE 754.
TEST(PortableMathTest, BitsAreTheSameOnEveryMachine) {
  std::string bytes;
  for (int i = 1; i < 20000; ++i) {
    AppendLittleEndian(PortableExp((i - 10000) / 13.0), bytes);
    AppendLittleEndian(PortableLog(i * 0.37), bytes);
    AppendLittleEndian(PortableLog(1 / (i * 0.37)), bytes);
    AppendLittleEndian(NormalQuantile(i / 20000.0), bytes);
    AppendLittleEndian(NormalQuantile(std::ldexp(1.0, -1 - i % 1000)), bytes);
  }
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(bytes)),
            "ab3581b306f9551c0078b17639155006857b4854aecb0f85997db1feddc93af8");
  bytes.clear();
  for (int i = -20000; i < 20000; ++i) {
    AppendLittleEndian(PortableCos(i * 0.37), bytes);
    AppendLittleEndian(PortableSin(i * 49.9), bytes);
  }
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(bytes)),
            "c57800f444f1ea7eaad9e6dd2eede791933e51730487d66dce43605b31eae1af");
  bytes.clear();
  for (int i = -20000; i <= 20000; ++i) AppendLittleEndian(PortableAcos(i / 20000.0), bytes);
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(bytes)),
            "8a7b27b3ec89a0d09f1d22c930462dc058f15a7a618d90e23fdfbcb39fa9b6a5");
}

// Around both ends of what is central, where the tails begin to be far, and in any numbers.
TEST(PortableMathTest, ManyQuantilesAreThoseOfTheirNumbers) {
  std::vector<double> numbers = {0x1p-53, 1 - 0x1p-53, 0x1p-1022,
                                 0.5,     0.075,       std::nextafter(0.075, 0),
                                 0.925,   0.0750001,   0.5 + 0x1p-53};
  for (int i = 1; i < 2000; ++i) numbers.push_back(i / 2000.0);
  for (int i = 1; i < 600; ++i) {
    numbers.push_back(std::exp(-i / 10.0));
    numbers.push_back(std::min(1 - std::exp(-i / 10.0), 1 - 0x1p-53));
  }
  for (size_t first = 0; first < 200; ++first) {
    const size_t count = first < 199 ? first : numbers.size() - first;
    std::vector<double> quantiles(numbers.begin() + first, numbers.begin() + first + count);
    NormalQuantiles(absl::MakeSpan(quantiles));
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(quantiles[i], NormalQuantile(numbers[first + i])) << numbers[first + i];
    }
  }
}

}  // namespace
}  // namespace kvwire
