#include "common/base/bit_vector.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

std::vector<bool> RandomBits(int64_t size, std::mt19937_64& random) {
  std::vector<bool> bits(static_cast<size_t>(size));
  std::generate(bits.begin(), bits.end(), [&random] { return random() % 2 != 0; });
  return bits;
}

BitVector FromBits(const std::vector<bool>& bits) {
  BitVector result(static_cast<int64_t>(bits.size()));
  for (size_t i = 0; i < bits.size(); ++i) result.Set(static_cast<int64_t>(i), bits[i]);
  return result;
}

TEST(BitVectorTest, StartsAsZeros) {
  EXPECT_EQ(BitVector().size_bits(), 0);
  const BitVector bits(13);
  EXPECT_EQ(bits.bytes(), std::string(2, '\0'));
  for (int64_t i = 0; i < 13; ++i) EXPECT_FALSE(bits.Get(i));
}

TEST(BitVectorTest, PacksTheLowestBitFirst) {
  BitVector bits(16);
  bits.Set(0, true);
  bits.Set(9, true);
  EXPECT_EQ(bits.bytes(), "\x01\x02");
  bits.Set(0, false);
  EXPECT_EQ(bits.bytes(), std::string("\x00\x02", 2));
}

TEST(BitVectorTest, HoldsEveryPatternOfTenBits) {
  for (int pattern = 0; pattern < 1024; ++pattern) {
    BitVector bits(10);
    for (int i = 0; i < 10; ++i) bits.Set(i, ((pattern >> i) & 1) != 0);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(bits.Get(i), ((pattern >> i) & 1) != 0);
    const std::string expected = {static_cast<char>(pattern & 255),
                                  static_cast<char>(pattern >> 8)};
    ASSERT_EQ(bits.bytes(), expected);
    ASSERT_EQ(BitVector::FromBytes(expected, 10), bits);
  }
}

TEST(BitVectorTest, FromBytesDropsSurplusBitsAndPadsWithZeros) {
  EXPECT_EQ(BitVector::FromBytes("\xff\xff\xff", 12).bytes(), "\xff\x0f");
  EXPECT_EQ(BitVector::FromBytes("\xff", 20).bytes(), std::string("\xff\0\0", 3));
  EXPECT_EQ(BitVector::FromBytes("abc", 0), BitVector());
}

TEST(BitVectorTest, XorAndDistanceAgreeWithBitsOneByOne) {
  std::mt19937_64 random(1);
  for (int64_t size = 0; size < 200; ++size) {
    const std::vector<bool> a = RandomBits(size, random);
    const std::vector<bool> b = RandomBits(size, random);
    std::vector<bool> different(a.size());
    int64_t distance = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      different[i] = a[i] != b[i];
      distance += different[i];
    }
    BitVector packed = FromBits(a);
    EXPECT_EQ(packed.Distance(FromBits(b)), distance);
    packed.Xor(FromBits(b));
    EXPECT_EQ(packed, FromBits(different));
  }
}

TEST(BitVectorTest, EqualityLooksAtTheSize) {
  EXPECT_NE(BitVector(7), BitVector(8));
  EXPECT_EQ(BitVector(8), BitVector(8));
}

}  // namespace
}  // namespace kvwire
