#include "common/coding/distortion_search.h"

#include <cmath>
#include <set>

#include "common/base/binary_entropy.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(TriedDistortionTest, IsThePartOfBitsThatComeBackWrong) {
  constexpr TrialSize kSize = {.errors = 100, .least_bits = 1000, .most_bits = 1 << 20};
  const auto flip_third = [](const BitVector& word) {
    BitVector wrong = word;
    for (int64_t i = 0; i < word.size_bits(); i += 3) wrong.Set(i, !word.Get(i));
    return wrong;
  };
  EXPECT_EQ(TriedDistortion(300, 0.1, kSize, flip_third), 100.0 / 300);
  EXPECT_EQ(TriedDistortion(1, 0.1, kSize, flip_third), 1);
  EXPECT_EQ(TriedDistortion(300, 0.1, kSize, [](const BitVector& word) { return word; }), 0);
}

TEST(TriedDistortionTest, TakesMoreWordsWhereErrorsAreRareWithinItsLimits) {
  constexpr TrialSize kSize = {.errors = 100, .least_bits = 1000, .most_bits = 100000};
  const auto words = [&](double distortion) {
    int count = 0;
    TriedDistortion(100, distortion, kSize, [&](const BitVector& word) {
      ++count;
      return word;
    });
    return count;
  };
  EXPECT_EQ(words(0.4), 10);
  EXPECT_EQ(words(0.01), 100);
  EXPECT_EQ(words(1e-9), 1000);
}

TEST(TriedDistortionTest, WordsAreFairBitsAndDiffer) {
  constexpr TrialSize kSize = {.errors = 1, .least_bits = 100000, .most_bits = 100000};
  std::set<std::string> words;
  // What comes back is all zeros, so that ones are what is wrong.
  const double ones = TriedDistortion(1000, 0.1, kSize, [&](const BitVector& word) {
    words.insert(word.bytes());
    return BitVector(1000);
  });
  EXPECT_NEAR(ones, 0.5, 0.01);
  EXPECT_EQ(words.size(), 100);
}

// A coder 5 % above the rate-distortion function.
double Smooth(int64_t bits) { return DistortionAtRate(static_cast<double>(bits) / 105000); }

TEST(FindInformationBitsTest, FindsWhatACoderNeeds) {
  for (const double distortion : {0.01, 0.11, 0.3, 0.45}) {
    const double floor = 100000 * RateDistortion(distortion);
    for (const double guess : {0.9, 1.0, 1.2}) {
      const int64_t bits = FindInformationBits(100000, distortion, 0, guess * floor, Smooth);
      EXPECT_NEAR(Smooth(bits) / distortion, 1, 1e-2) << distortion;
      EXPECT_NEAR(static_cast<double>(bits) / floor, 1.05, 0.03) << distortion;
    }
  }
}

TEST(FindInformationBitsTest, StaysWithinItsLimitsAndEndsThere) {
  int tries = 0;
  const auto always = [&tries](double distortion) {
    return [&tries, distortion](int64_t) {
      ++tries;
      return distortion;
    };
  };
  EXPECT_EQ(FindInformationBits(100, 0.1, 7, 50, always(0.5)), 50);
  EXPECT_LE(tries, 8);
  EXPECT_EQ(FindInformationBits(100, 0.1, 7, 1e9, always(0.1)), 100);
  EXPECT_EQ(FindInformationBits(100, 0.1, 7, -5, always(0.1)), 7);
}

}  // namespace
}  // namespace kvwire
