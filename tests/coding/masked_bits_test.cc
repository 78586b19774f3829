#include "common/coding/masked_bits.h"

#include <random>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

bool BitOf(const std::vector<uint64_t>& words, size_t i) {
  return (words[i / 64] >> i % 64 & 1) != 0;
}

// A bit at a time.
std::string Gathered(const std::vector<uint64_t>& words, const std::vector<uint64_t>& mask) {
  std::string packed;
  size_t count = 0;
  for (size_t i = 0; i < 64 * mask.size(); ++i) {
    if (!BitOf(mask, i)) continue;
    if (count % 8 == 0) packed.push_back(0);
    if (BitOf(words, i)) packed.back() = static_cast<char>(packed.back() | 1 << count % 8);
    ++count;
  }
  return packed;
}

// Words with long runs, all ones and all zeros among them.
std::vector<uint64_t> Runs(size_t count, std::mt19937_64& random) {
  std::vector<uint64_t> words(count);
  bool one = false;
  for (size_t i = 0; i < 64 * count; ++i) {
    if (random() % (1 + i / 64 * 16) == 0) one = !one;
    words[i / 64] |= uint64_t{one} << i % 64;
  }
  return words;
}

TEST(MaskedBitsTest, GatheredBitsAreThoseAtTheOnesInOrder) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<uint64_t> mask = Runs(1 + random() % 30, random);
    std::vector<uint64_t> words(mask.size());
    for (uint64_t& word : words) word = random();
    ASSERT_EQ(GatherBits(words, mask), Gathered(words, mask));
  }
}

TEST(MaskedBitsTest, ScatteredBitsAreGatheredAgainAndTheRestIsZero) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<uint64_t> mask = Runs(1 + random() % 30, random);
    std::vector<uint64_t> expected(mask.size());
    for (size_t i = 0; i < mask.size(); ++i) expected[i] = random() & mask[i];
    ASSERT_EQ(ScatterBits(Gathered(expected, mask), mask), expected);
  }
}

TEST(MaskedBitsTest, BitsThatAreLackingReadAsZeros) {
  EXPECT_EQ(ScatterBits("", {{~uint64_t{0}, 5}}), (std::vector<uint64_t>{0, 0}));
  EXPECT_EQ(ScatterBits("\x0f", {{0x3c, ~uint64_t{0}}}), (std::vector<uint64_t>{0x3c, 0}));
  EXPECT_EQ(ScatterBits("\xff\xff", {{1, ~uint64_t{0}}}), (std::vector<uint64_t>{1, 0x7fff}));
}

TEST(MaskedBitsTest, NothingIsGatheredFromNothing) {
  EXPECT_EQ(GatherBits({{7, 9}}, {{0, 0}}), "");
  EXPECT_EQ(GatherBits({}, {}), "");
}

}  // namespace
}  // namespace kvwire
