#include "common/coding/binary_rans.h"

#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

std::string Encoded(const std::vector<Decision>& block) {
  std::string bytes;
  EncodeRansBlock(block, bytes);
  return bytes;
}

// The decisions in `bytes`, given their probabilities; nothing unless `bytes` are exactly
// a block.
std::optional<std::vector<Decision>> Decoded(const std::string& bytes,
                                             std::vector<Decision> block) {
  RansDecoder decoder;
  if (bytes.size() < kRansStateBytes || !decoder.Begin(bytes.data())) return std::nullopt;
  size_t at = kRansStateBytes;
  for (Decision& decision : block) {
    decision.one = decoder.Take(decision.probability);
    if (!decoder.NeedsWord()) continue;
    if (bytes.size() - at < kRansWordBytes) return std::nullopt;
    decoder.TakeWord(bytes.data() + at);
    at += kRansWordBytes;
    EXPECT_FALSE(decoder.NeedsWord());
  }
  if (!decoder.AtEnd() || at != bytes.size()) return std::nullopt;
  return block;
}

bool Same(const std::vector<Decision>& a, const std::vector<Decision>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Decision x, Decision y) {
    return x.one == y.one && x.probability == y.probability;
  });
}

// `count` decisions whose probabilities are spread over the whole range.
std::vector<Decision> Spread(size_t count, std::mt19937_64& random) {
  constexpr uint16_t kProbabilities[] = {1, 2, 255, 4096, 30000, 32768, 60000, 65534, 65535};
  std::vector<Decision> block(count);
  for (Decision& decision : block) {
    decision.probability = kProbabilities[random() % std::size(kProbabilities)];
    decision.one = random() % 2 != 0;
  }
  return block;
}

TEST(BinaryRansTest, AllShortBlocksComeBack) {
  for (const int probability : {1, 77, 32768, 65000, 65535}) {
    for (size_t length = 0; length <= 10; ++length) {
      for (int bits = 0; bits < 1 << length; ++bits) {
        std::vector<Decision> block(length);
        for (size_t i = 0; i < length; ++i) {
          block[i] = {static_cast<uint16_t>(probability), (bits >> i & 1) != 0};
        }
        const auto decoded = Decoded(Encoded(block), block);
        ASSERT_TRUE(decoded.has_value() && Same(*decoded, block)) << probability;
      }
    }
  }
}

TEST(BinaryRansTest, LongBlocksOfAnyProbabilitiesComeBack) {
  std::mt19937_64 random(1);
  for (const size_t length : {100, 5000, 200000}) {
    const std::vector<Decision> block = Spread(length, random);
    const auto decoded = Decoded(Encoded(block), block);
    ASSERT_TRUE(decoded.has_value() && Same(*decoded, block));
  }
}

TEST(BinaryRansTest, ABlockTakesItsInformationAndThreeToFiveBytes) {
  std::mt19937_64 random(2);
  for (const double p : {0.002, 0.05, 0.3, 0.5, 0.8, 0.999}) {
    for (const size_t length : {1, 30, 1000, 100000}) {
      std::vector<Decision> block(length);
      double information = 0;
      for (Decision& decision : block) {
        decision.probability = static_cast<uint16_t>(std::lround(65536 * p));
        decision.one = std::uniform_real_distribution<>()(random) < p;
        const double one = decision.probability / 65536.0;
        information -= std::log2(decision.one ? one : 1 - one);
      }
      const double bits = 8.0 * static_cast<double>(Encoded(block).size());
      EXPECT_GE(bits, information + 24 - 1e-6) << p << " " << length;
      EXPECT_LE(bits, information * 1.0001 + 40) << p << " " << length;
    }
  }
}

TEST(BinaryRansTest, WhateverDecodesIsTheOnlySpellingOfItsDecisions) {
  std::mt19937_64 random(3);
  int good = 0;
  for (int trial = 0; trial < 300000; ++trial) {
    const std::vector<Decision> block = Spread(random() % 5, random);
    // Near a true block, where a second spelling would be.
    std::string bytes = Encoded(block);
    for (int changes = static_cast<int>(random() % 3); changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) bytes += static_cast<char>(random() % 2);
    const auto decoded = Decoded(bytes, block);
    if (!decoded.has_value()) continue;
    ++good;
    ASSERT_EQ(Encoded(*decoded), bytes);
  }
  EXPECT_GT(good, 80000);
}

// Around each code of three decisions, all numbers with the same highest bytes.
TEST(BinaryRansTest, NoOtherNumberThanACodeDecodes) {
  std::vector<Decision> block = {{16384, false}, {40000, false}, {9000, false}};
  std::set<std::string> codes;
  for (int bits = 0; bits < 8; ++bits) {
    for (size_t i = 0; i < 3; ++i) block[i].one = (bits >> i & 1) != 0;
    codes.insert(Encoded(block));
  }
  ASSERT_EQ(codes.size(), 8);
  std::set<std::string> decoded;
  for (std::string bytes : codes) {
    for (int low = 0; low < 1 << 16; ++low) {
      bytes[0] = static_cast<char>(low & 255);
      bytes[1] = static_cast<char>(low >> 8);
      if (Decoded(bytes, block).has_value()) decoded.insert(bytes);
    }
  }
  EXPECT_EQ(decoded, codes);
}

TEST(BinaryRansTest, ANumberOutOfRangeIsNoBlock) {
  RansDecoder decoder;
  EXPECT_FALSE(decoder.Begin("\xff\xff\xff\x00\x00"));
  EXPECT_TRUE(decoder.Begin("\x00\x00\x00\x01\x00"));
  EXPECT_TRUE(decoder.AtEnd());
  EXPECT_TRUE(decoder.Begin("\xff\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace kvwire
