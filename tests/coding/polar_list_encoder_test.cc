#include "common/coding/polar_list_encoder.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "common/coding/polar_decoder.h"
#include "common/coding/polar_encoder.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

PolarCode CodeOf(int64_t length, double distortion, int64_t bits) {
  return *PolarDesign::Create(length, distortion)->Code(bits);
}

// The distance of the nearest of all 2^K words, by decoding every message.
int64_t NearestDistance(const PolarCode& code, const BitVector& source) {
  int64_t nearest = code.length;
  for (uint64_t bits = 0; bits < uint64_t{1} << code.information_bits; ++bits) {
    const BitVector word = DecodePolar(code, WordOf(bits, code.information_bits));
    nearest = std::min(nearest, word.Distance(source));
  }
  return nearest;
}

// A leaf of eight positions is searched whole.
TEST(PolarListEncoderTest, FindsTheNearestWordOfEightBits) {
  for (int64_t bits = 0; bits <= 8; ++bits) {
    const PolarCode code = CodeOf(8, 0.2, bits);
    PolarListEncoder encoder(code, 2);
    for (uint64_t source = 0; source < 256; ++source) {
      const BitVector word = WordOf(source, 8);
      ASSERT_EQ(DecodePolar(code, encoder.Encode(word)).Distance(word),
                NearestDistance(code, word))
          << bits << " " << source;
    }
  }
}

// With a path for every message nothing is left out. Nodes that are free go on with four words
// only, so this is for codes without such nodes.
TEST(PolarListEncoderTest, WithAPathForEveryMessageFindsTheNearestWord) {
  for (const int64_t length : {16, 25, 32, 60, 64, 128}) {
    for (const int64_t bits : {1, 3, 5}) {
      const PolarCode code = CodeOf(length, 0.3, bits);
      PolarListEncoder encoder(code, 32);
      for (uint64_t seed = 0; seed < 20; ++seed) {
        const BitVector word = RandomWord(length, seed);
        ASSERT_EQ(DecodePolar(code, encoder.Encode(word)).Distance(word),
                  NearestDistance(code, word))
            << length << " " << bits;
      }
    }
  }
}

double Distortion(const PolarCode& code, int paths, int words) {
  PolarListEncoder encoder(code, paths);
  int64_t errors = 0;
  for (int i = 0; i < words; ++i) {
    const BitVector word = RandomWord(code.length, static_cast<uint64_t>(i));
    errors += word.Distance(DecodePolar(code, encoder.Encode(word)));
  }
  return static_cast<double>(errors) / static_cast<double>(words * code.length);
}

TEST(PolarListEncoderTest, MorePathsComeNearer) {
  for (const double distortion : {0.01, 0.11, 0.25}) {
    const double h =
        -(distortion * std::log2(distortion) + (1 - distortion) * std::log2(1 - distortion));
    const PolarCode code = CodeOf(4000, distortion, std::lround(4000 * 1.05 * (1 - h)));
    double last = Distortion(code, 1, 30);
    for (const int paths : {2, 4, 8}) {
      const double here = Distortion(code, paths, 30);
      EXPECT_LT(here, last) << distortion << " " << paths;
      last = here;
    }
  }
}

TEST(PolarListEncoderTest, OnePathIsAboutPlainSuccessiveCancellation) {
  const PolarCode code = CodeOf(4096, 0.11, 2150);
  PolarEncoder plain(code);
  int64_t errors = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const BitVector word = RandomWord(4096, seed);
    errors += word.Distance(DecodePolar(code, plain.Encode(word)));
  }
  const double distortion = static_cast<double>(errors) / (30 * 4096);
  EXPECT_NEAR(Distortion(code, 1, 30) / distortion, 1, 0.01);
}

TEST(PolarListEncoderTest, KeepsItsPromisesAtEveryLengthAndNumberOfBits) {
  for (int64_t length = 1; length <= 40; ++length) {
    for (int64_t bits = 0; bits <= length; ++bits) {
      const PolarCode code = CodeOf(length, 0.1, bits);
      PolarListEncoder encoder(code, 3);
      const BitVector word = RandomWord(length, 7);
      const BitVector message = encoder.Encode(word);
      ASSERT_EQ(message.size_bits(), bits);
      ASSERT_TRUE(bits < length || DecodePolar(code, message) == word) << length;
      ASSERT_EQ(encoder.Encode(word), message);
    }
  }
}

TEST(PolarListEncoderTest, WritesTheSameMessageOnEveryMachine) {
  PolarListEncoder encoder(CodeOf(100000, 0.07, 66000), 4);
  const BitVector message = encoder.Encode(RandomWord(100000, 1));
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(message.bytes())),
            "bbd97c967e5f825183ef53590003c26edd3e7ce8d4f3b400029a1e0cbe9e937c");
}

}  // namespace
}  // namespace kvwire
