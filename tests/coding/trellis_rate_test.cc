#include "common/coding/trellis_rate.h"

#include <cmath>

#include "common/base/binary_entropy.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

TEST(TrellisCodeForTest, ShortBlocksComeWithinTheirBracketsAndNearTheirDistortion) {
  struct Bracket {
    double distortion;
    double least;
    double most;
  };
  constexpr Bracket kBrackets[] = {{0.01, 1.01, 1.02},  {0.05, 1.03, 1.046},
                                   {0.11, 1.045, 1.06}, {0.2, 1.055, 1.08},
                                   {0.3, 1.065, 1.095}, {0.4, 1.08, 1.14}};
  constexpr int64_t kLength = 4000;
  constexpr int kWords = 40;
  for (const auto& [wanted, least, most] : kBrackets) {
    const TrellisCode code = *TrellisCodeFor(kLength, wanted);
    int64_t errors = 0;
    for (uint64_t seed = 0; seed < kWords; ++seed) {
      const BitVector word = RandomWord(kLength, seed);
      errors += word.Distance(DecodeTrellis(code, EncodeTrellis(code, word)));
    }
    const double distortion = static_cast<double>(errors) / (kWords * kLength);
    EXPECT_NEAR(distortion / wanted, 1, 0.02) << wanted;
    const double ratio =
        static_cast<double>(code.information_bits) / (kLength * RateDistortion(distortion));
    EXPECT_GT(ratio, least) << wanted;
    EXPECT_LT(ratio, most) << wanted;
  }
}

TEST(TrellisCodeForTest, IsTheSameOnEveryMachine) {
  EXPECT_EQ(TrellisCodeFor(1344, 0.4)->information_bits, 46);
  EXPECT_EQ(TrellisCodeFor(3000, 0.05)->information_bits, 2224);
}

TEST(TrellisCodeForTest, RefusesWhatItDoesNotServe) {
  for (const double distortion : {0.0, 0.0049, 0.461, 0.5, std::nan("")}) {
    EXPECT_EQ(TrellisCodeFor(100, distortion).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const int64_t length : {int64_t{0}, kMostTrellisLength + 1}) {
    EXPECT_EQ(TrellisCodeFor(length, 0.1).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kvwire
