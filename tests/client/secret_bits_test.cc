#include "client/secret_bits.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

SecretBits Seeded(const std::string& hex) {
  auto secret = SecretBits::FromSeed(hex);
  EXPECT_THAT(secret, IsOk());
  return *secret;
}

std::vector<int64_t> Positions(const SecretBits& secret, int64_t count, int64_t limit) {
  const auto positions = secret.DrawPositions(count, limit);
  EXPECT_THAT(positions, IsOk());
  return *positions;
}

std::vector<int64_t> Sorted(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

TEST(SecretBitsTest, ASeedGivesShake256OfPurposeAndSeed) {
  // hashlib.shake_256(b"kvwire 4 mask\x00\xff") and (b"kvwire 7 payload\x00\xff").
  const SecretBits secret = Seeded("00ff");
  EXPECT_EQ(absl::BytesToHexString(secret.Draw("mask", 64)->bytes()), "c70e5a9876fa9ce5");
  EXPECT_EQ(absl::BytesToHexString(secret.Draw("payload", 64)->bytes()), "e6854509927f30fe");
}

TEST(SecretBitsTest, ASeedIsReproducibleAndItsDigitsHaveNoCase) {
  EXPECT_EQ(*Seeded("abcdef").Draw("mask", 999), *Seeded("ABCDEF").Draw("mask", 999));
  EXPECT_NE(*Seeded("abcdef").Draw("mask", 999), *Seeded("abcdee").Draw("mask", 999));
  EXPECT_NE(*Seeded("00").Draw("mask", 999), *Seeded("0000").Draw("mask", 999));
}

TEST(SecretBitsTest, PurposesAreIndependent) {
  const SecretBits secret = Seeded("00ff");
  const auto mask = secret.Draw("mask", 10000);
  const auto payload = secret.Draw("payload", 10000);
  // 5000 expected, 50 the deviation.
  EXPECT_GT(mask->Distance(*payload), 4700);
  EXPECT_LT(mask->Distance(*payload), 5300);
}

TEST(SecretBitsTest, NoPartOfAPurposeCountsAsSeed) {
  EXPECT_NE(*Seeded("6161").Draw("", 64), *Seeded("61").Draw("a", 64));
  EXPECT_NE(*Seeded("61").Draw("a", 64), *Seeded("6161").Draw("", 64));
}

TEST(SecretBitsTest, AShorterDrawIsThePrefixOfALonger) {
  const SecretBits secret = Seeded("12");
  for (int64_t size : {0, 1, 7, 8, 9, 63, 64}) {
    EXPECT_EQ(*secret.Draw("mask", size),
              BitVector::FromBytes(secret.Draw("mask", 64)->bytes(), size));
  }
}

TEST(SecretBitsTest, ASeedIsTwoTo128HexadecimalDigitsAnEvenNumber) {
  for (const std::string& hex :
       {std::string(2, '0'), std::string(128, 'f'), std::string("0123456789abcdefABCDEF")}) {
    EXPECT_THAT(SecretBits::FromSeed(hex), IsOk()) << hex;
  }
  for (const std::string& hex : {std::string(), std::string("0"), std::string("123"),
                                 std::string("0x12"), std::string("1g"), std::string("1 "),
                                 std::string(130, '0'), std::string("\xe9\xe9")}) {
    EXPECT_THAT(SecretBits::FromSeed(hex),
                StatusIs(kInvalid, HasSubstr("2 to 128 hexadecimal")))
        << hex;
  }
}

TEST(SecretBitsTest, TheSystemsBitsDifferFromDrawToDraw) {
  const SecretBits secret;
  EXPECT_NE(*secret.Draw("mask", 256), *secret.Draw("mask", 256));
  EXPECT_NE(Positions(secret, 20, int64_t{1} << 32), Positions(secret, 20, int64_t{1} << 32));
}

TEST(SecretBitsTest, TheSystemsBitsReachTheEndOfALongDraw) {
  // Longer than the system gives at once.
  constexpr int64_t kBytes = (int64_t{5} << 20) + 3;
  const auto bits = SecretBits().Draw("mask", 8 * kBytes);
  ASSERT_THAT(bits, IsOk());
  ASSERT_EQ(bits->bytes().size(), static_cast<size_t>(kBytes));
  // 16 zero bytes by chance: once in 2^128.
  for (int64_t end = 1 << 20; end < kBytes; end += 1 << 20) {
    EXPECT_NE(bits->bytes().substr(end - 16, 16), std::string(16, '\0'));
  }
  EXPECT_NE(bits->bytes().substr(kBytes - 16), std::string(16, '\0'));
}

TEST(SecretBitsTest, PositionsAreThoseOfFloydsSample) {
  // By a few lines of Python over the same stream of words.
  EXPECT_THAT(Positions(Seeded("00ff"), 10, 1344),
              ElementsAre(531, 1111, 527, 1186, 603, 532, 530, 483, 705, 1162));
}

TEST(SecretBitsTest, PositionsAreDifferentAndBelowTheLimit) {
  for (int64_t limit : {int64_t{1000}, int64_t{1} << 32}) {
    const std::vector<int64_t> drawn = Positions(Seeded("77"), 1000, limit);
    EXPECT_EQ(std::set<int64_t>(drawn.begin(), drawn.end()).size(), 1000u);
    EXPECT_THAT(drawn, Each(::testing::AllOf(::testing::Ge(0), ::testing::Lt(limit))));
  }
}

TEST(SecretBitsTest, AsManyPositionsAsThereAreAreAllOfThem) {
  for (int64_t limit = 0; limit <= 64; ++limit) {
    std::vector<int64_t> all(limit);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(Sorted(Positions(Seeded("77"), limit, limit)), all);
    EXPECT_EQ(Sorted(Positions(SecretBits(), limit, limit)), all);
    EXPECT_THAT(Positions(SecretBits(), 0, limit), IsEmpty());
  }
}

TEST(SecretBitsTest, EverySetOfPositionsIsEquallyLikely) {
  // 2 of 6: 15 sets, 200 expected of each, 14 the deviation.
  std::map<std::vector<int64_t>, int> times;
  for (int seed = 0; seed < 3000; ++seed) {
    ++times[Sorted(Positions(Seeded(absl::StrFormat("%04x", seed)), 2, 6))];
  }
  EXPECT_EQ(times.size(), 15u);
  for (const auto& [set, count] : times) {
    EXPECT_GT(count, 130) << ::testing::PrintToString(set);
    EXPECT_LT(count, 270) << ::testing::PrintToString(set);
  }
}

TEST(SecretBitsTest, RunIdsDiffer) {
  std::set<uint64_t> ids;
  for (int k = 0; k < 100; ++k) ids.insert(RandomRunId());
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_FALSE(ids.contains(0));
}

}  // namespace
}  // namespace kvwire
