#include "common/coding/bit_quantiser.h"

#include <cmath>

#include "common/base/binary_entropy.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

TEST(BitQuantiserTest, TakesTheTrellisForShortBlocksAndForManyErrors) {
  const auto is_trellis = [](int64_t length, double distortion, int paths) {
    return BitQuantiser::Create(length, distortion, paths, length / 2 + 1)->IsTrellis();
  };
  EXPECT_TRUE(is_trellis(1000, 0.05, 1));
  EXPECT_FALSE(is_trellis(20000, 0.05, 1));
  EXPECT_TRUE(is_trellis(2000, 0.11, 1));
  EXPECT_FALSE(is_trellis(4000, 0.11, 8));
  EXPECT_TRUE(is_trellis(60000, 0.4, 1));
  EXPECT_FALSE(is_trellis(1 << 20, 0.4, 1));
  for (const double distortion : {0.0, 1e-4, 0.47, 0.5}) {
    EXPECT_FALSE(is_trellis(1000, distortion, 1));
  }
}

TEST(BitQuantiserTest, OneWhoIsToldTheBitsOfAMessageReadsIt) {
  for (const int64_t length : {1, 20, 1000, 5000, 20000}) {
    for (const double distortion : {0.0, 0.003, 0.05, 0.2, 0.4, 0.49, 0.5}) {
      const int paths = length % 3 == 0 ? 1 : 4;
      BitQuantiser alice = *BitQuantiser::Create(length, distortion, paths);
      EXPECT_EQ(alice.length(), length);
      const BitVector source = RandomWord(length, 1);
      const BitVector message = alice.Encode(source);
      ASSERT_EQ(message.size_bits(), alice.information_bits());
      const BitQuantiser bob =
          *BitQuantiser::Create(length, distortion, paths, alice.information_bits());
      EXPECT_EQ(bob.IsTrellis(), alice.IsTrellis());
      ASSERT_EQ(bob.Decode(message), alice.Decode(message));
      EXPECT_TRUE(distortion > 0 || bob.Decode(message) == source);
      EXPECT_EQ(alice.Encode(source), message);
    }
  }
}

// Between the two codes' lengths the better one is taken: no length is far from the floor.
TEST(BitQuantiserTest, NoLengthIsFarFromTheFloor) {
  struct Most {
    int64_t length;
    double ratio;
  };
  for (const double distortion : {0.01, 0.05, 0.11, 0.2, 0.3, 0.4}) {
    for (const auto& [length, most] : {Most{2000, 1.17}, Most{5000, 1.12}, Most{20000, 1.1}}) {
      BitQuantiser quantiser = *BitQuantiser::Create(length, distortion, 4);
      constexpr int kWords = 20;
      int64_t errors = 0;
      for (uint64_t seed = 0; seed < kWords; ++seed) {
        const BitVector word = RandomWord(length, seed);
        errors += word.Distance(quantiser.Decode(quantiser.Encode(word)));
      }
      const double measured =
          static_cast<double>(errors) / static_cast<double>(kWords * length);
      const double rate =
          static_cast<double>(quantiser.information_bits()) / static_cast<double>(length);
      EXPECT_NEAR(measured / distortion, 1, 0.05) << length << " " << distortion;
      EXPECT_GT(rate, RateDistortion(measured)) << length << " " << distortion;
      EXPECT_LT(rate / RateDistortion(measured), most) << length << " " << distortion;
    }
  }
}

TEST(BitQuantiserTest, RefusesWhatItCannotBe) {
  using absl::StatusCode;
  for (const double distortion : {-0.1, 0.6, std::nan("")}) {
    EXPECT_EQ(BitQuantiser::Create(100, distortion, 1).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(BitQuantiser::Create(100, distortion, 1, 50).status().code(),
              StatusCode::kInvalidArgument);
  }
  for (const int64_t length : {int64_t{0}, int64_t{-5}, kMostPolarBlock + 1}) {
    EXPECT_EQ(BitQuantiser::Create(length, 0.1, 1).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(BitQuantiser::Create(length, 0.1, 1, 0).status().code(),
              StatusCode::kInvalidArgument);
  }
  for (const int paths : {0, -1, kMostPolarPaths + 1}) {
    EXPECT_EQ(BitQuantiser::Create(100, 0.1, paths).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(BitQuantiser::Create(100, 0.1, paths, 50).status().code(),
              StatusCode::kInvalidArgument);
  }
  for (const double distortion : {0.0, 0.1}) {
    EXPECT_EQ(BitQuantiser::Create(100, distortion, 1, 101).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(BitQuantiser::Create(100, distortion, 1, -1).status().code(),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kvwire
