#include "common/kv/algorithms/polar_blocks.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr double kPi = std::numbers::pi;

double AngleOf(const AngleCodebook& codebook, size_t code) {
  const auto& direction = codebook.Decode(static_cast<uint8_t>(code));
  return std::atan2(direction.sin, direction.cos);
}

TEST(AngleCodebookTest, TheFirstLevelHasEvenArcsAllAround) {
  for (int bits = 2; bits <= 8; ++bits) {
    const AngleCodebook codebook(1, bits);
    const int count = 1 << bits;
    const double arc = 2 * kPi / count;
    for (int code = 0; code < count; ++code) {
      const double angle = AngleOf(codebook, code);
      EXPECT_NEAR(std::remainder(angle - (code + 0.5) * arc, 2 * kPi), 0, 1e-14);
      for (const double inside : {0.01, 0.3, 0.7, 0.99}) {
        const double psi = (code + inside) * arc;
        for (const double radius : {1e-30, 0.3, 1e5}) {
          EXPECT_EQ(codebook.CodeOf(radius * std::cos(psi), radius * std::sin(psi)), code);
        }
      }
    }
  }
}

TEST(AngleCodebookTest, AxesAndZeroHaveCodes) {
  const AngleCodebook codebook(1, 4);
  EXPECT_EQ(codebook.CodeOf(0, 0), 0);
  EXPECT_EQ(codebook.CodeOf(1, 0), 0);
  EXPECT_EQ(codebook.CodeOf(0, 1), 4);
  EXPECT_EQ(codebook.CodeOf(-1, 0), 8);
  EXPECT_EQ(codebook.CodeOf(0, -1), 12);
  const AngleCodebook deep(3, 2);
  EXPECT_EQ(deep.CodeOf(0, 0), 0);
  EXPECT_EQ(deep.CodeOf(1, 0), 0);
  EXPECT_EQ(deep.CodeOf(0, 1), 3);
}

TEST(AngleCodebookTest, DeeperLevelsTakeTheNearestAngle) {
  for (int level = 2; level <= 4; ++level) {
    for (int bits = 1; bits <= 8; ++bits) {
      const AngleCodebook codebook(level, bits);
      for (double psi = 0; psi < kPi / 2; psi += 0.00317) {
        const size_t code = codebook.CodeOf(3 * std::cos(psi), 3 * std::sin(psi));
        const double error = std::fabs(AngleOf(codebook, code) - psi);
        for (size_t other = 0; other < size_t{1} << bits; ++other) {
          ASSERT_LE(error, std::fabs(AngleOf(codebook, other) - psi) + 1e-12);
        }
      }
    }
  }
}

std::vector<double> NormalBlock(size_t size, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> block(size);
  for (double& number : block) number = normal(random);
  return block;
}

double SquaredNorm(const std::vector<double>& block) {
  double sum = 0;
  for (const double number : block) sum += number * number;
  return sum;
}

TEST(PolarBlocksTest, KeepTheRadiusAndComeNearAtManyBits) {
  const PolarBlocks blocks(8, 8);
  std::mt19937_64 random(3);
  for (const size_t size : {1, 2, 4, 8, 16}) {
    for (int trial = 0; trial < 200; ++trial) {
      const std::vector<double> block = NormalBlock(size, random);
      PolarBlocks::Codes codes;
      const double radius = blocks.Encode(block, codes);
      EXPECT_NEAR(std::fabs(radius), std::sqrt(SquaredNorm(block)), 1e-14);
      EXPECT_EQ(radius < 0, size == 1 && block[0] < 0);
      std::vector<double> decoded(size);
      blocks.Decode(radius, codes, absl::MakeSpan(decoded));
      EXPECT_NEAR(SquaredNorm(decoded), SquaredNorm(block), 1e-12);
      for (size_t i = 0; i < size; ++i) {
        EXPECT_NEAR(decoded[i], block[i], 0.04 * std::fabs(radius));
      }
    }
  }
}

// The angles of a block as they are defined, with a library's arc tangent.
std::vector<double> NaiveAngles(std::vector<double> radii) {
  std::vector<double> angles;
  while (radii.size() > 1) {
    std::vector<double> next;
    for (size_t i = 0; i < radii.size(); i += 2) {
      angles.push_back(std::atan2(radii[i + 1], radii[i]));
      next.push_back(std::hypot(radii[i], radii[i + 1]));
    }
    radii = next;
  }
  return angles;
}

TEST(PolarBlocksTest, CodesAreThoseOfTheAnglesLevelByLevel) {
  const PolarBlocks blocks(4, 2);
  std::mt19937_64 random(4);
  for (const size_t size : {2, 4, 8, 16}) {
    for (int trial = 0; trial < 200; ++trial) {
      const std::vector<double> block = NormalBlock(size, random);
      PolarBlocks::Codes codes;
      blocks.Encode(block, codes);
      const std::vector<double> angles = NaiveAngles(block);
      size_t level = 1;
      size_t end = size / 2;
      for (size_t i = 0; i < size - 1; ++i) {
        if (i == end) {
          ++level;
          end += size >> level;
        }
        const AngleCodebook codebook(static_cast<int>(level), level == 1 ? 4 : 2);
        EXPECT_EQ(codes[i], codebook.CodeOf(std::cos(angles[i]), std::sin(angles[i])));
      }
    }
  }
}

// Of normal numbers, whose angles have the densities that the codebooks are for.
TEST(PolarBlocksTest, MissNormalBlocksBy3PercentAtThePapersBits) {
  const PolarBlocks blocks(4, 2);
  std::mt19937_64 random(5);
  double error = 0;
  double total = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<double> block = NormalBlock(16, random);
    PolarBlocks::Codes codes;
    std::vector<double> decoded(16);
    blocks.Decode(blocks.Encode(block, codes), codes, absl::MakeSpan(decoded));
    total += SquaredNorm(block);
    for (size_t i = 0; i < 16; ++i) block[i] -= decoded[i];
    error += SquaredNorm(block);
  }
  EXPECT_GT(error / total, 0.0312);
  EXPECT_LT(error / total, 0.0328);
}

TEST(PolarBlocksTest, BlocksBehindOneAnotherAreCodedAsEachOfThem) {
  std::mt19937_64 random(7);
  for (const auto& [first_bits, deep_bits] : {std::pair{4, 2}, {2, 1}, {8, 8}, {5, 6}}) {
    const PolarBlocks blocks(first_bits, deep_bits);
    for (size_t count = 0; count < 14; ++count) {
      std::vector<double> numbers = NormalBlock(16 * count, random);
      // Axes, zeros of both signs, and a block of them.
      for (size_t i = 0; i < numbers.size(); i += 3) {
        if (random() % 3 == 0) numbers[i] = random() % 2 == 0 ? 0.0 : -0.0;
      }
      if (count > 1) std::fill_n(numbers.begin() + 16, 16, -0.0);
      std::vector<uint8_t> first(8 * count);
      std::vector<uint8_t> deep(7 * count);
      std::vector<double> radii(count);
      blocks.EncodeWhole(numbers, first.data(), deep.data(), radii.data());
      for (size_t block = 0; block < count; ++block) {
        PolarBlocks::Codes codes;
        EXPECT_EQ(radii[block], blocks.Encode({&numbers[16 * block], 16}, codes));
        EXPECT_TRUE(std::equal(codes.begin(), codes.begin() + 8, first.begin() + 8 * block));
        EXPECT_TRUE(std::equal(codes.begin() + 8, codes.end() - 1, deep.begin() + 7 * block));
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
