#include "common/kv/algorithms/scrambled_bits.h"

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

PackedBits BitsOf(const BitVector& bits) {
  PackedBits packed;
  AppendBits(bits, packed);
  return packed;
}

BitVector RandomBits(int64_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  BitVector bits(size);
  for (int64_t i = 0; i < size; ++i) bits.Set(i, random() % 2 != 0);
  return bits;
}

TEST(ScrambledBitsTest, CopiesOfAnyRangeAreItsBits) {
  const BitVector bits = RandomBits(200, 1);
  const PackedBits packed = BitsOf(bits);
  for (int64_t first = 0; first <= 200; ++first) {
    for (int64_t count = 0; first + count <= 200; count += 1 + count / 9) {
      const BitVector copy = CopyBits(packed, first, count);
      ASSERT_EQ(copy.size_bits(), count);
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(copy.Get(i), bits.Get(first + i));
    }
  }
}

TEST(ScrambledBitsTest, BitsAppendedAfterOthersAreTheirBits) {
  PackedBits packed;
  for (int64_t size = 0; size < 70; ++size) AppendBits(RandomBits(size, 5), packed);
  int64_t at = 0;
  for (int64_t size = 0; size < 70; ++size) {
    EXPECT_EQ(CopyBits(packed, at, size), RandomBits(size, 5));
    at += size;
  }
  EXPECT_EQ(packed.bits(), at);
}

TEST(ScrambledBitsTest, UnscramblingGivesTheBitsBack) {
  for (int64_t size = 1; size <= 200; ++size) {
    const BitVector bits = RandomBits(size, 2);
    const ScrambledBits coin(3, size);
    const PackedBits back = coin.Unscramble(coin.Scramble(BitsOf(bits)));
    EXPECT_EQ(CopyBits(back, 0, back.bits()), bits) << size;
  }
}

TEST(ScrambledBitsTest, SeedsAndBlocksHaveCoinsOfTheirOwn) {
  std::set<std::string> words;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    for (int64_t block = 0; block < 8; ++block) {
      words.insert(ScrambledBits(seed, block).Scramble(BitsOf(BitVector(64))).bytes());
    }
  }
  EXPECT_EQ(words.size(), 64U);
}

// Where one place of the word is turned over, each place of the block is about as often.
TEST(ScrambledBitsTest, AnErrorAtOnePlaceOfTheWordIsAnywhereInTheBlock) {
  constexpr int64_t kSize = 13;
  constexpr int kSeeds = 13000;
  std::vector<int> errors(kSize);
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const ScrambledBits coin(seed, 0);
    BitVector word = coin.Scramble(BitsOf(BitVector(kSize)));
    word.Set(4, !word.Get(4));
    const PackedBits back = coin.Unscramble(word);
    for (size_t i = 0; i < kSize; ++i) errors[i] += static_cast<int>(back.Get(i, 1));
  }
  for (const int count : errors) EXPECT_NEAR(count, 1000, 4.5 * std::sqrt(1000));
}

// Each place of the word is a fair coin whatever the block is.
TEST(ScrambledBitsTest, WordsAreFairCoinsWhateverTheBlockIs) {
  for (const bool value : {false, true}) {
    BitVector block(100);
    for (int64_t i = 0; i < 100; ++i) block.Set(i, value);
    std::vector<int> ones(100);
    for (uint64_t seed = 0; seed < 4000; ++seed) {
      const BitVector word = ScrambledBits(seed, 0).Scramble(BitsOf(block));
      for (int64_t i = 0; i < 100; ++i) ones[static_cast<size_t>(i)] += word.Get(i) ? 1 : 0;
    }
    for (const int count : ones) EXPECT_NEAR(count, 2000, 4.5 * std::sqrt(1000));
  }
}

}  // namespace
}  // namespace kvwire
