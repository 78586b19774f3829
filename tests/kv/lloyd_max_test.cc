#include "common/kv/algorithms/lloyd_max.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

double NormalTail(double x) { return std::erfc(x / std::numbers::sqrt2) / 2; }

double NormalDensity(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

struct Cell {
  double mass = 0;
  double mean = 0;
};

// Of a standard normal number, from the error function; the outer cells have no end.
Cell NormalCell(const Codebook& codebook, size_t i) {
  const bool first = i == 0;
  const bool last = i == codebook.bounds.size();
  const double low = first ? -1e9 : codebook.bounds[i - 1];
  const double high = last ? 1e9 : codebook.bounds[i];
  // On the side where nothing cancels.
  const double mass =
      low > 0 ? NormalTail(low) - NormalTail(high) : NormalTail(-high) - NormalTail(-low);
  return {mass, (NormalDensity(low) - NormalDensity(high)) / mass};
}

TEST(NormalCodebookTest, EveryLevelIsTheMeanOfItsCellAndEveryBoundIsMidway) {
  for (int bits = 1; bits <= kMaxCodebookBits; ++bits) {
    const Codebook& codebook = NormalCodebook(bits);
    ASSERT_EQ(codebook.levels.size(), size_t{1} << bits);
    ASSERT_EQ(codebook.bounds.size() + 1, codebook.levels.size());
    EXPECT_TRUE(std::is_sorted(codebook.levels.begin(), codebook.levels.end()));
    for (size_t i = 0; i < codebook.levels.size(); ++i) {
      EXPECT_NEAR(codebook.levels[i], NormalCell(codebook, i).mean, 2e-11) << bits;
      EXPECT_NEAR(codebook.levels[i], -*(codebook.levels.end() - 1 - i), 1e-11) << bits;
    }
    for (size_t i = 0; i < codebook.bounds.size(); ++i) {
      EXPECT_DOUBLE_EQ(codebook.bounds[i], (codebook.levels[i] + codebook.levels[i + 1]) / 2);
    }
  }
}

// Max 1960, table I.
TEST(NormalCodebookTest, HasTheErrorsOfMax) {
  const double kErrors[] = {0.3634, 0.1175, 0.03454, 0.009501};
  for (int bits = 1; bits <= 4; ++bits) {
    const Codebook& codebook = NormalCodebook(bits);
    double error = 1;
    for (size_t i = 0; i < codebook.levels.size(); ++i) {
      const Cell cell = NormalCell(codebook, i);
      error -= cell.mass * cell.mean * cell.mean;
    }
    EXPECT_NEAR(error, kErrors[bits - 1], bits < 3 ? 6e-5 : 1e-5) << bits;
  }
}

TEST(NormalCodebookTest, OneBitIsTheMeanAbsoluteValue) {
  EXPECT_NEAR(NormalCodebook(1).levels[1], std::sqrt(2 / std::numbers::pi), 1e-11);
}

TEST(CodebookTest, CodesAreThoseOfTheNearestLevel) {
  for (int bits = 1; bits <= kMaxCodebookBits; ++bits) {
    const Codebook& codebook = NormalCodebook(bits);
    for (double x = -6; x < 6; x += 0.00723) {
      const double level = codebook.levels[codebook.CodeOf(x)];
      for (const double other : codebook.levels) {
        ASSERT_LE(std::fabs(x - level), std::fabs(x - other) + 1e-12);
      }
    }
    for (size_t i = 0; i < codebook.bounds.size(); ++i) {
      EXPECT_EQ(codebook.CodeOf(codebook.bounds[i]), i);
      EXPECT_EQ(codebook.CodeOf(std::nextafter(codebook.bounds[i], 9)), i + 1);
    }
  }
}

// The mean of `density` over [low, high] by the midpoint rule.
double MeanOf(const std::function<double(double)>& density, double low, double high) {
  constexpr int kSteps = 20000;
  double mass = 0;
  double moment = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double x = low + (high - low) * (i + 0.5) / kSteps;
    mass += density(x);
    moment += x * density(x);
  }
  return moment / mass;
}

TEST(LloydMaxCodebookTest, IsStationaryForThePowersOfASineThatPolarQuantUses) {
  constexpr double kHigh = std::numbers::pi / 2;
  for (const int power : {1, 3, 7}) {
    const auto density = [power](double x) { return std::pow(std::sin(2 * x), power); };
    for (int bits = 1; bits <= kMaxCodebookBits; ++bits) {
      const Codebook codebook =
          LloydMaxCodebook(bits, 0, kHigh, [&](double x) { return std::log(density(x)); });
      ASSERT_EQ(codebook.levels.size(), size_t{1} << bits);
      for (size_t i = 0; i < codebook.levels.size(); i += 1 + codebook.levels.size() / 16) {
        const double low = i == 0 ? 0 : codebook.bounds[i - 1];
        const double high = i == codebook.bounds.size() ? kHigh : codebook.bounds[i];
        ASSERT_LT(low, high);
        EXPECT_NEAR(codebook.levels[i], MeanOf(density, low, high), 1e-8) << power << bits;
      }
    }
  }
}

TEST(LloydMaxCodebookTest, IsEvenlySpacedForAUniformDensity) {
  for (int bits = 1; bits <= kMaxCodebookBits; ++bits) {
    const Codebook codebook = LloydMaxCodebook(bits, 3, 7, [](double) { return -5.0; });
    const double step = 4.0 / static_cast<double>(codebook.levels.size());
    for (size_t i = 0; i < codebook.levels.size(); ++i) {
      EXPECT_NEAR(codebook.levels[i], 3 + (static_cast<double>(i) + 0.5) * step, 1e-11);
    }
  }
}

TEST(NormalCodebookTest, ManyCodesAreThoseOfTheirNumbers) {
  for (int bits = 1; bits <= kMaxCodebookBits; ++bits) {
    const Codebook& codebook = NormalCodebook(bits);
    std::vector<double> numbers = {-100, -0.0, 0, 100};
    for (const double bound : codebook.bounds) {
      numbers.insert(numbers.end(),
                     {bound, std::nextafter(bound, -100), std::nextafter(bound, 100)});
    }
    for (size_t count = 0; count <= numbers.size(); ++count) {
      std::vector<uint8_t> codes(count);
      codebook.CodesOf({numbers.data(), count}, codes.data());
      for (size_t i = 0; i < count; ++i) {
        const auto below = std::count_if(codebook.bounds.begin(), codebook.bounds.end(),
                                         [&](double bound) { return bound < numbers[i]; });
        ASSERT_EQ(codes[i], below);
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
