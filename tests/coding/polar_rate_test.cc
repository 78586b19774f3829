#include "common/coding/polar_rate.h"

#include <cmath>

#include "common/base/binary_entropy.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"
#include "common/coding/polar_list_encoder.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

// The mean distortion of words that the code was not tried on.
double Distortion(const PolarCode& code, int words) {
  PolarEncoder encoder(code);
  int64_t errors = 0;
  for (int i = 0; i < words; ++i) {
    const BitVector word = RandomWord(code.length, 1000 + static_cast<uint64_t>(i));
    errors += word.Distance(DecodePolar(code, encoder.Encode(word)));
  }
  return static_cast<double>(errors) / static_cast<double>(words * code.length);
}

double ListDistortion(const PolarCode& code, int paths, int words) {
  PolarListEncoder encoder(code, paths);
  int64_t errors = 0;
  for (int i = 0; i < words; ++i) {
    const BitVector word = RandomWord(code.length, 1000 + static_cast<uint64_t>(i));
    errors += word.Distance(DecodePolar(code, encoder.Encode(word)));
  }
  return static_cast<double>(errors) / static_cast<double>(words * code.length);
}

// Rate over the rate-distortion function at the measured distortion.
double Ratio(const PolarCode& code, double distortion) {
  const double rate =
      static_cast<double>(code.information_bits) / static_cast<double>(code.length);
  return rate / RateDistortion(distortion);
}

struct Bracket {
  double distortion;
  double least;
  double most;
};

void ExpectWithin(int64_t length, int words, const Bracket& bracket) {
  const absl::StatusOr<PolarCode> code = PolarCodeFor(length, bracket.distortion);
  ASSERT_TRUE(code.ok()) << code.status();
  const double distortion = Distortion(*code, words);
  EXPECT_NEAR(distortion / bracket.distortion, 1, 0.01) << bracket.distortion;
  EXPECT_GT(Ratio(*code, distortion), bracket.least) << bracket.distortion;
  EXPECT_LT(Ratio(*code, distortion), bracket.most) << bracket.distortion;
}

TEST(PolarCodeForTest, At2To14RateIsWithinItsBracketAndDistortionWithinOnePercent) {
  constexpr Bracket kBrackets[] = {{0.01, 1.011, 1.0135}, {0.05, 1.024, 1.029},
                                   {0.11, 1.037, 1.042},  {0.2, 1.058, 1.065},
                                   {0.3, 1.085, 1.1},     {0.4, 1.13, 1.165}};
  for (const Bracket& bracket : kBrackets) ExpectWithin(1 << 14, 40, bracket);
}

TEST(PolarCodeForTest, WithPaddingRateIsWithinItsBracketAndDistortionWithinOnePercent) {
  constexpr Bracket kBrackets[] = {{0.01, 1.007, 1.0095}, {0.05, 1.016, 1.0195},
                                   {0.11, 1.025, 1.029},  {0.2, 1.038, 1.043},
                                   {0.3, 1.055, 1.063},   {0.4, 1.085, 1.105}};
  for (const Bracket& bracket : kBrackets) ExpectWithin(87360, 10, bracket);
}

TEST(PolarCodeForTest, FourPathsTakeAQuarterOffTheExcess) {
  for (const double distortion : {0.01, 0.05, 0.11, 0.2, 0.3, 0.4}) {
    const PolarCode plain = *PolarCodeFor(1 << 14, distortion);
    const PolarCode list = *PolarCodeFor(1 << 14, distortion, 4);
    const double floor = RateDistortion(distortion) * (1 << 14);
    const double excess = static_cast<double>(list.information_bits) - floor;
    const double plain_excess = static_cast<double>(plain.information_bits) - floor;
    EXPECT_GT(excess / plain_excess, 0.6) << distortion;
    EXPECT_LT(excess / plain_excess, 0.85) << distortion;
    EXPECT_NEAR(ListDistortion(list, 4, 20) / distortion, 1, 0.02) << distortion;
  }
}

TEST(PolarExcessTest, IsAboutWhatCodesNeed) {
  for (const int64_t length : {10000, 100000}) {
    for (const double distortion : {0.01, 0.05, 0.11, 0.2, 0.3, 0.4}) {
      const PolarCode code = *PolarCodeFor(length, distortion);
      const double floor = RateDistortion(distortion) * static_cast<double>(length);
      const double excess = static_cast<double>(code.information_bits) / floor - 1;
      EXPECT_NEAR(excess / PolarExcess(length, distortion, 1), 1, 0.2) << distortion;
    }
  }
}

TEST(PolarCodeForTest, AMillionBitsComeWithinTheFewPercentThatAreClaimed) {
  constexpr Bracket kBrackets[] = {
      {0.01, 1.0036, 1.0042}, {0.11, 1.0125, 1.0139}, {0.4, 1.045, 1.052}};
  for (const Bracket& bracket : kBrackets) ExpectWithin(1048512, 1, bracket);
}

TEST(PolarCodeForTest, FewerBitsAreAllowedMoreErrors) {
  int64_t last = 3000;
  for (const double distortion : {0.0, 0.01, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5}) {
    const PolarCode code = *PolarCodeFor(3000, distortion);
    EXPECT_LE(code.information_bits, last) << distortion;
    last = code.information_bits;
  }
}

TEST(PolarCodeForTest, NoErrorTakesAllBitsAndOneHalfNone) {
  for (const int64_t length : {1, 7, 64, 1000}) {
    EXPECT_EQ(PolarCodeFor(length, 0)->information_bits, length);
    EXPECT_EQ(PolarCodeFor(length, 0.5)->information_bits, 0);
    EXPECT_EQ(Distortion(*PolarCodeFor(length, 0), 3), 0);
  }
}

TEST(PolarCodeForTest, IsAFunctionOfItsArguments) {
  const PolarCode a = *PolarCodeFor(5000, 0.07);
  const PolarCode b = *PolarCodeFor(5000, 0.07);
  EXPECT_EQ(a.information_bits, b.information_bits);
  EXPECT_EQ(a.information, b.information);
  // And the same one on every machine.
  EXPECT_EQ(a.information_bits, 3312);
}

TEST(PolarCodeForTest, RefusesWhatIsNoDistortionOrLength) {
  using absl::StatusCode;
  for (const double distortion : {-0.01, 0.51, std::nan("")}) {
    EXPECT_EQ(PolarCodeFor(100, distortion).status().code(), StatusCode::kInvalidArgument);
  }
  for (const int paths : {0, kMostPolarPaths + 1}) {
    EXPECT_EQ(PolarCodeFor(100, 0.1, paths).status().code(), StatusCode::kInvalidArgument);
  }
  for (const int64_t length : {int64_t{-1}, int64_t{0}, kMostPolarBlock + 1}) {
    EXPECT_EQ(PolarCodeFor(length, 0.1).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kvwire
