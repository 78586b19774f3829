#include "common/reduction/bounds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/base/binary_entropy.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// Row M of Pascal's triangle, exact below M = 64.
std::vector<uint64_t> ExactBinomials(int64_t length) {
  std::vector<uint64_t> row{1};
  for (int64_t i = 0; i < length; ++i) {
    std::vector<uint64_t> next(row.size() + 1, 1);
    for (size_t k = 1; k < row.size(); ++k) next[k] = row[k - 1] + row[k];
    row = next;
  }
  return row;
}

TEST(IndexFloorTest, MatchesTheRateDistortionTable) {
  const std::vector<std::pair<double, double>> table = {
      {0.01, .919207},  {0.05, .713603}, {0.1, .531004}, {0.11, .500084},
      {0.2, .278072},   {0.25, .188722}, {0.3, .118709}, {1.0 / 3, .081704},
      {0.375, .045566}, {0.4, .029049},  {0.45, .007226}};
  for (const auto& [error_rate, rate] : table) {
    EXPECT_NEAR(IndexFloor(1, error_rate), rate, 5e-7) << error_rate;
  }
  EXPECT_NEAR(IndexFloor(87360, 0.4), 2537.8, 0.1);
}

TEST(IndexFloorTest, KeepsItsDigitsNextToAFairCoin) {
  // (2 / ln 2) (1/2 - p)^2 is the leading term; the next is smaller by bias^2.
  const double bias = std::exp2(-30);
  EXPECT_NEAR(IndexFloor(1, (1 - bias) / 2) / (bias * bias / (2 * std::log(2))), 1, 1e-12);
  EXPECT_EQ(IndexFloor(1 << 30, 0.5), 0);
}

TEST(IndexFloorTest, JoinsItsTwoFormulasWithoutAStep) {
  // They meet at p = 1/4.
  const double below = IndexFloor(1 << 20, 0.25 - 1e-13);
  const double above = IndexFloor(1 << 20, 0.25 + 1e-13);
  EXPECT_NEAR(below - above, 2e-13 * std::log2(3) * (1 << 20), 1e-9);
}

TEST(BlockFloorTest, OfOneBitIsTheIndexFloor) {
  for (const double p : {0.51, 0.6, 2.0 / 3, 0.9, 0.999, 1.0}) {
    EXPECT_NEAR(BlockFloor(21824, 1, p), IndexFloor(21824, 1 - p), 1e-9) << p;
  }
}

TEST(BlockFloorTest, IsPMLessTheEntropyOfTheBlocks) {
  EXPECT_NEAR(BlockFloor(87360, 4096, 0.6), 0.6 * 87360 - 87360.0 / 4096 * BinaryEntropy(0.6),
              1e-6);
  // Rows: L d (1 - f) - L H_b(f).
  EXPECT_NEAR(BlockFloor(1365 * 64, 64, 0.9), 1365 * 64 * 0.9 - 1365 * 0.4689956, 1e-3);
  EXPECT_EQ(BlockFloor(1365 * 64, 64, 1), 1365 * 64);
}

TEST(BlockFloorTest, IsNothingWhereAGuessIsAsGood) {
  for (int64_t block = 1; block <= 60; ++block) {
    const double guess = std::exp2(-block);
    EXPECT_EQ(BlockFloor(840, block, guess), 0) << block;
    EXPECT_EQ(BlockFloor(840, block, guess / 2), 0) << block;
    EXPECT_EQ(BlockFloor(840, block, 0), 0) << block;
    EXPECT_GT(BlockFloor(840, block, std::min(1.0, 4 * guess)), 0) << block;
  }
}

TEST(FloorBitsTest, IsExactWhereEveryBitIsRightOrWrongOrACoin) {
  for (int64_t length = 1; length <= 4096; ++length) {
    EXPECT_EQ(FloorBits(length, 0), length);
    EXPECT_EQ(FloorBits(length, length), length);
    EXPECT_EQ(FloorBits(2 * length, length), 0);
  }
  for (const int64_t length : {87360, 699008, (1 << 30) - 2, 1 << 30}) {
    EXPECT_EQ(FloorBits(length, 0), length);
    EXPECT_EQ(FloorBits(length, length), length);
    EXPECT_EQ(FloorBits(length, length / 2), 0);
    EXPECT_EQ(FloorBits(length, length / 2 - 1), 1);
    EXPECT_EQ(FloorBits(length, length / 2 + 1), 1);
  }
}

uint64_t Power(uint64_t base, int64_t exponent) {
  uint64_t power = 1;
  for (int64_t i = 0; i < exponent; ++i) power *= base;
  return power;
}

TEST(FloorBitsTest, MatchesIntegerArithmeticForEverySmallPayload) {
  // f >= M (1 - H_b(E / M)) iff 2^f M^M >= 2^M E^E (M - E)^(M - E).
  for (int64_t m = 1; m <= 13; ++m) {
    for (int64_t e = 0; e <= m; ++e) {
      int64_t least = 0;
      while (Power(2, least) * Power(m, m) < Power(2, m) * Power(e, e) * Power(m - e, m - e)) {
        ++least;
      }
      EXPECT_EQ(FloorBits(m, e), least) << m << " bits, " << e << " errors";
    }
  }
}

TEST(FloorBitsTest, FallsWithTheErrorsUpToHalfOfTheBits) {
  for (int64_t errors = 1; 2 * errors <= 1344; ++errors) {
    EXPECT_LE(FloorBits(1344, errors), FloorBits(1344, errors - 1)) << errors;
    EXPECT_EQ(FloorBits(1344, errors), FloorBits(1344, 1344 - errors)) << errors;
  }
}

TEST(Log2BallVolumeTest, MatchesExactBinomialsForEverySmallBall) {
  for (int64_t length = 1; length <= 62; ++length) {
    const std::vector<uint64_t> binomials = ExactBinomials(length);
    uint64_t volume = 0;
    for (int64_t radius = 0; radius <= length; ++radius) {
      volume += binomials[radius];
      EXPECT_NEAR(Log2BallVolume(length, radius), std::log2(static_cast<long double>(volume)),
                  1e-13 * static_cast<double>(length))
          << length << ", " << radius;
    }
  }
}

TEST(Log2BallVolumeTest, IsExactlyEverythingAtTheFullRadius) {
  for (const int64_t length : {1, 2, 3, 64, 87360, 1 << 30}) {
    EXPECT_EQ(Log2BallVolume(length, length), static_cast<double>(length));
    EXPECT_EQ(Log2BallVolume(length, 0), 0);
  }
}

TEST(Log2BallVolumeTest, IsHalfOfTheSpaceForOddLengths) {
  // C(M, i) = C(M, M - i), so the ball of radius (M - 1) / 2 has 2^(M - 1) words.
  for (int64_t bits = 1; bits <= 30; ++bits) {
    const int64_t length = (int64_t{1} << bits) - 1;
    EXPECT_NEAR(Log2BallVolume(length, (length - 1) / 2), static_cast<double>(length - 1),
                1e-6)
        << length;
  }
}

TEST(Log2BallVolumeTest, MatchesValuesOfSixtyDigitArithmetic) {
  struct Value {
    int64_t length;
    int64_t radius;
    double log2_volume;
  };
  constexpr int64_t kLargest = int64_t{1} << 30;
  // The first two from exact integers, the others from Stirling's series with
  // sixty decimal digits.
  const std::vector<Value> values = {{21824, 2182, 10227.466138745409},
                                     {87360, 34944, 84815.32491582258},
                                     {699008, 7000, 56533.11089420409},
                                     {kLargest, 1000, 21470.601326003212},
                                     {kLargest, 1 << 20, 11997785.171135156},
                                     {kLargest - 1, 429496729, 1042550247.504358347},
                                     {kLargest, (1 << 29) - 12345, 1073741821.851776480},
                                     {kLargest, 1 << 29, 1073741823.000035128},
                                     {kLargest, (1 << 29) + 20000, 1073741823.830103675}};
  for (const Value& value : values) {
    EXPECT_NEAR(Log2BallVolume(value.length, value.radius), value.log2_volume, 1e-6)
        << value.length << ", " << value.radius;
  }
}

TEST(WholeOutputFloorTest, IsTheWholePayloadLessTheLogarithmOfTheLuck) {
  EXPECT_EQ(WholeOutputFloor(87360, 1), 87360);
  EXPECT_NEAR(WholeOutputFloor(1344, 0.9), 1344 - 0.152, 5e-4);
  EXPECT_NEAR(WholeOutputFloor(27136, 0.8), 27136 - 0.322, 5e-4);
}

TEST(WholeOutputFloorTest, AddsUpTheFailuresOfItsReplays) {
  EXPECT_NEAR(WholeOutputFloor(27136, 0.9, 2), WholeOutputFloor(27136, 0.8), 1e-9);
  EXPECT_EQ(WholeOutputFloor(27136, 1, 1000), 27136);
  EXPECT_EQ(WholeOutputFloor(27136, 0.9, 10), 0);
  EXPECT_EQ(WholeOutputFloor(27136, 0.9, 11), 0);
}

TEST(WholeOutputFloorTest, IsNothingForWhoeverCouldHaveGuessed) {
  EXPECT_EQ(WholeOutputFloor(10, std::exp2(-10)), 0);
  EXPECT_EQ(WholeOutputFloor(10, std::exp2(-20)), 0);
  EXPECT_EQ(WholeOutputFloor(10, 0), 0);
  // However small, it is not lost in 1 - p.
  EXPECT_NEAR(WholeOutputFloor(1344, 1e-300), 1344 - 300 * std::log2(10), 1e-9);
}

TEST(LeakBitsTest, CountsWhatTheMessageCannotHaveCarried) {
  EXPECT_EQ(LeakBits(1344, 0, 1344), -2);
  EXPECT_EQ(LeakBits(1344, 0, 1342), 0);
  EXPECT_EQ(LeakBits(1344, 0, 1302), kLeakLimitBits);
  EXPECT_NEAR(LeakBits(87360, 34944, 0), 2544.675 - 2, 1e-3);
  EXPECT_EQ(LeakBits(87360, 34944, 100), LeakBits(87360, 87360 - 34944, 100));
}

// The fewest errors, or non-errors, with which one of `answers` meets the
// instance: what the luckiest party could arrange, sending at will and flipping at
// will.
int64_t BestRadius(const std::vector<uint32_t>& answers, uint32_t instance, int64_t length) {
  int64_t best = length;
  for (const uint32_t answer : answers) {
    const int64_t errors = std::popcount(answer ^ instance);
    best = std::min({best, errors, length - errors});
  }
  return best;
}

// Checks Pr[leak >= t] <= 2^-t over the uniform instances, at each t where the
// left side changes.
void CheckCountingTest(const std::vector<uint32_t>& answers, int64_t length,
                       int64_t message_bits) {
  std::vector<int64_t> instances_at(length + 1, 0);
  for (uint32_t instance = 0; instance < (uint32_t{1} << length); ++instance) {
    ++instances_at[BestRadius(answers, instance, length)];
  }
  int64_t within = 0;
  for (int64_t radius = 0; 2 * radius <= length; ++radius) {
    within += instances_at[radius];
    const double leak = LeakBits(length, radius, message_bits);
    ASSERT_LE(static_cast<double>(within) * std::exp2(leak), std::exp2(length) * (1 + 1e-12))
        << length << " bits, " << message_bits << "-bit messages, radius " << radius;
  }
}

// Every way to give each message its answer, up to the order of the messages.
void CheckEveryCodebook(std::vector<uint32_t>& answers, size_t messages, int64_t length,
                        int64_t message_bits) {
  if (answers.size() == messages) {
    CheckCountingTest(answers, length, message_bits);
    return;
  }
  const uint32_t first = answers.empty() ? 0 : answers.back() + 1;
  for (uint32_t answer = first; answer < (uint32_t{1} << length); ++answer) {
    answers.push_back(answer);
    CheckEveryCodebook(answers, messages, length, message_bits);
    answers.pop_back();
  }
}

TEST(LeakBitsTest, NoHonestProtocolOnFewBitsBeatsTheCountingTest) {
  const std::vector<std::pair<int64_t, int64_t>> cases = {
      {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {3, 1}, {4, 1}, {5, 1}, {6, 1}, {4, 2}};
  for (const auto& [length, message_bits] : cases) {
    // The messages of at most B bits, the empty one included.
    const size_t messages = (size_t{1} << (message_bits + 1)) - 1;
    std::vector<uint32_t> answers;
    CheckEveryCodebook(answers, messages, length, message_bits);
  }
}

}  // namespace
}  // namespace kvwire
