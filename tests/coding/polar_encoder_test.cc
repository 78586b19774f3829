#include "common/coding/polar_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/checksum.h"
#include "common/coding/polar_decoder.h"
#include "gtest/gtest.h"
#include "tests/coding/random_words.h"

namespace kvwire {
namespace {

PolarCode CodeOf(int64_t length, double distortion, int64_t bits) {
  return *PolarDesign::Create(length, distortion)->Code(bits);
}

bool IsFree(const PolarCode& code, size_t i) {
  return (code.information[i / 64] >> i % 64 & 1) != 0;
}

// Successive cancellation as it is defined, one belief at a time and down to single
// positions, but for the rule about nodes without frozen positions. In the integers of
// soft_bits.h, by its formulas and not its code.
class PlainEncoder {
 public:
  explicit PlainEncoder(const PolarCode& code) : code_(code) {}

  // The code word for what is believed of each of its bits.
  std::vector<int> Encode(const std::vector<int>& beliefs, size_t first) const {
    const size_t size = beliefs.size();
    size_t free = 0;
    for (size_t i = first; i < first + size; ++i) free += IsFree(code_, i);
    std::vector<int> word(size);
    if (free == size) {
      for (size_t i = 0; i < size; ++i) word[i] = beliefs[i] < 0;
    }
    if (free == size || size == 1) return word;
    const size_t half = size / 2;
    std::vector<int> part(half);
    for (size_t i = 0; i < half; ++i) part[i] = Xor(beliefs[i], beliefs[i + half]);
    const std::vector<int> a = Encode(part, first);
    for (size_t i = 0; i < half; ++i) {
      const int other = a[i] != 0 ? -beliefs[i] : beliefs[i];
      part[i] = std::clamp(beliefs[i + half] + other, -16383, 16383);
    }
    const std::vector<int> b = Encode(part, first + half);
    for (size_t i = 0; i < half; ++i) {
      word[i] = a[i] ^ b[i];
      word[i + half] = b[i];
    }
    return word;
  }

 private:
  static int Lost(int v) {
    const int64_t r = int64_t{4} * std::max(3344 - v, 0);
    return static_cast<int>((r * r >> 16) * r >> 16);
  }

  static int Xor(int a, int b) {
    const int less = std::min(std::abs(a), std::abs(b));
    const int more = std::max(std::abs(a), std::abs(b));
    if (less == 0) return 0;
    const int size = std::max(less - Lost(more - less) + Lost(more + less), 1);
    return (a < 0) != (b < 0) ? -size : size;
  }

  const PolarCode& code_;
};

// The last M bits of the code word that PlainEncoder finds.
BitVector PlainWord(const PolarCode& code, const BitVector& source) {
  const double p = code.distortion;
  const double ratio = 1.08 * std::log((1 - p) / p);
  const int belief = std::clamp(static_cast<int>(std::lround(804 * ratio)), 1, 16383);
  const int64_t padding = code.block - code.length;
  std::vector<int> beliefs(static_cast<size_t>(code.block));
  for (int64_t i = 0; i < code.length; ++i) {
    beliefs[static_cast<size_t>(padding + i)] = source.Get(i) ? -belief : belief;
  }
  const std::vector<int> word = PlainEncoder(code).Encode(beliefs, 0);
  BitVector result(code.length);
  for (int64_t i = 0; i < code.length; ++i) {
    result.Set(i, word[static_cast<size_t>(padding + i)] != 0);
  }
  return result;
}

// For each word of M <= 16 bits, the distance to the nearest of all 2^K code words.
std::vector<int> NearestDistances(const PolarCode& code) {
  std::vector<int> distance(size_t{1} << code.length, 99);
  for (uint64_t message = 0; message < uint64_t{1} << code.information_bits; ++message) {
    uint64_t word = 0;
    uint64_t left = message;
    for (uint64_t i = 0; i < static_cast<uint64_t>(code.block); ++i) {
      if (!IsFree(code, i)) continue;
      const bool one = (left & 1) != 0;
      left >>= 1;
      for (uint64_t j = 0; one && j <= i; ++j) word ^= uint64_t{(i & j) == j} << j;
    }
    distance[word >> (code.block - code.length)] = 0;
  }
  // A neighbour of a word is one nearer or farther.
  for (int64_t bit = 0; bit < code.length; ++bit) {
    for (size_t word = 0; word < distance.size(); ++word) {
      const size_t other = word ^ size_t { 1 } << bit;
      distance[word] = std::min(distance[word], distance[other] + 1);
    }
  }
  return distance;
}

void ExpectExhaustivelyRight(const PolarCode& code) {
  const std::vector<int> nearest = NearestDistances(code);
  PolarEncoder encoder(code);
  for (uint64_t bits = 0; bits < uint64_t{1} << code.length; ++bits) {
    const BitVector source = WordOf(bits, code.length);
    const BitVector message = encoder.Encode(source);
    ASSERT_EQ(message.size_bits(), code.information_bits);
    const BitVector decoded = DecodePolar(code, message);
    ASSERT_EQ(decoded, PlainWord(code, source)) << code.length << " " << bits;
    ASSERT_GE(decoded.Distance(source), nearest[bits]);
    ASSERT_TRUE(code.information_bits < code.length || decoded == source);
  }
}

TEST(PolarEncoderTest, DoesAsPlainSuccessiveCancellationOnEveryWordOfUpToTenBits) {
  for (int64_t length = 1; length <= 10; ++length) {
    for (int64_t bits = 0; bits <= length; ++bits) {
      for (const double distortion : {0.01, 0.2, 0.4}) {
        ExpectExhaustivelyRight(CodeOf(length, distortion, bits));
      }
    }
  }
}

TEST(PolarEncoderTest, DoesAsPlainSuccessiveCancellationOnEveryWordOfSixteenBits) {
  for (const int64_t bits : {0, 1, 3, 5, 8, 11, 15, 16}) {
    ExpectExhaustivelyRight(CodeOf(16, 0.11, bits));
  }
}

TEST(PolarEncoderTest, DoesAsPlainSuccessiveCancellationOnLongerWordsWithPadding) {
  for (const int64_t length : {17, 31, 33, 63, 64, 65, 100, 127, 255, 513, 1000, 1023}) {
    for (const double distortion : {0.001, 0.05, 0.2, 0.45}) {
      for (const double rate : {0.02, 0.3, 0.7, 0.95}) {
        const auto bits = static_cast<int64_t>(rate * static_cast<double>(length));
        const PolarCode code = CodeOf(length, distortion, bits);
        PolarEncoder encoder(code);
        const BitVector source = RandomWord(length, 1);
        ASSERT_EQ(DecodePolar(code, encoder.Encode(source)), PlainWord(code, source))
            << length << " " << distortion << " " << bits;
      }
    }
  }
}

// Code words of the naive product, in the order of the bits of the message.
TEST(PolarDecoderTest, IsTheProductOfTheMessageWithTheRowsOfItsPositions) {
  for (const int64_t length : {1, 5, 8, 60, 64, 65, 128, 300}) {
    const PolarCode code = CodeOf(length, 0.1, (length + 1) / 2);
    const BitVector message = RandomWord(code.information_bits, 3);
    const auto padding = static_cast<uint64_t>(code.block - code.length);
    BitVector expected(length);
    int64_t at = 0;
    for (uint64_t i = 0; i < static_cast<uint64_t>(code.block); ++i) {
      if (!IsFree(code, i) || !message.Get(at++)) continue;
      for (uint64_t j = padding; j <= i; ++j) {
        const auto position = static_cast<int64_t>(j - padding);
        if ((i & j) == j) expected.Set(position, !expected.Get(position));
      }
    }
    ASSERT_EQ(DecodePolar(code, message), expected) << length;
  }
}

// One double a belief, tanh and atanh, and no rule but the definition.
std::vector<int> RealWord(const PolarCode& code, const std::vector<double>& t, size_t first) {
  if (t.size() == 1) return {IsFree(code, first) && t[0] < 0};
  const size_t half = t.size() / 2;
  std::vector<double> part(half);
  for (size_t i = 0; i < half; ++i) part[i] = t[i] * t[i + half];
  const std::vector<int> a = RealWord(code, part, first);
  for (size_t i = 0; i < half; ++i) {
    const double other = a[i] != 0 ? -t[i] : t[i];
    part[i] = (t[i + half] + other) / (1 + t[i + half] * other + 1e-12);
  }
  const std::vector<int> b = RealWord(code, part, first + half);
  std::vector<int> word(t.size());
  for (size_t i = 0; i < half; ++i) {
    word[i] = a[i] ^ b[i];
    word[i + half] = b[i];
  }
  return word;
}

TEST(PolarEncoderTest, ItsIntegersAreAsGoodAsRealNumbers) {
  for (const double distortion : {0.01, 0.05, 0.11, 0.2, 0.3, 0.4}) {
    const double h =
        -(distortion * std::log2(distortion) + (1 - distortion) * std::log2(1 - distortion));
    const PolarCode code = CodeOf(4096, distortion, std::lround(4096 * 1.05 * (1 - h)));
    PolarEncoder encoder(code);
    int64_t errors = 0;
    int64_t real_errors = 0;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      const BitVector source = RandomWord(code.length, seed);
      errors += source.Distance(DecodePolar(code, encoder.Encode(source)));
      const double bias = std::tanh(1.08 / 2 * std::log((1 - distortion) / distortion));
      std::vector<double> t(4096);
      for (int64_t i = 0; i < 4096; ++i) {
        t[static_cast<size_t>(i)] = source.Get(i) ? -bias : bias;
      }
      const std::vector<int> word = RealWord(code, t, 0);
      for (int64_t i = 0; i < 4096; ++i) {
        real_errors += (word[static_cast<size_t>(i)] != 0) != source.Get(i);
      }
    }
    EXPECT_NEAR(static_cast<double>(errors) / static_cast<double>(real_errors), 1, 0.01)
        << distortion;
  }
}

TEST(PolarEncoderTest, EncodesBlockAfterBlockWithoutRememberingAny) {
  const PolarCode code = CodeOf(500, 0.1, 270);
  PolarEncoder once(code);
  const BitVector first = once.Encode(RandomWord(500, 1));
  PolarEncoder again(code);
  again.Encode(RandomWord(500, 2));
  EXPECT_EQ(again.Encode(RandomWord(500, 1)), first);
}

TEST(PolarEncoderTest, WritesTheSameMessageOnEveryMachine) {
  PolarEncoder encoder(CodeOf(100000, 0.07, 66000));
  const BitVector message = encoder.Encode(RandomWord(100000, 1));
  EXPECT_EQ(absl::BytesToHexString(Sha256Of(message.bytes())),
            "ae3bcd9a8e7a023b7459d9887dc82b9c1faaa477cb2e00d0caa6d65567f18256");
}

}  // namespace
}  // namespace kvwire
