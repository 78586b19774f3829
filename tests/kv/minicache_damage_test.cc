// Snapshots of minicache with right checksums whose contents no state has.

#include <cstring>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/kv/decoded_rows.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Keys, then values: flags, whole ones, directions, lengths.
constexpr size_t kFlags = 0;
constexpr size_t kWhole = 1;
constexpr size_t kDirections = 2;
constexpr size_t kLengths = 3;
constexpr size_t kValues = 4;

class MinicacheDamageTest : public ::testing::Test {
 protected:
  // Six tokens, d = 4, of which three keys and values are whole.
  CacheSetup setup_ = SetupOf("minicache:gamma=0.5", 4);
  Container container_ =
      ContainerOf(SnapshotOf(*Filled(setup_, NormalTokens(6, 4, 1)), setup_));

  std::string& Body(size_t section) { return container_.sections[section].body; }
  void SetFloat(size_t section, size_t index, float number) {
    std::memcpy(Body(section).data() + index * sizeof(float), &number, sizeof(float));
  }
  void ExpectLoss(const std::string& what) {
    EXPECT_THAT(Restore(container_.Build(), setup_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
  }
};

TEST_F(MinicacheDamageTest, AsItIsItIsRead) {
  EXPECT_THAT(Restore(container_.Build(), setup_), IsOk());
}

TEST_F(MinicacheDamageTest, MoreOrFewerWholeVectorsThanGammaSays) {
  Body(kFlags)[0] = 0x3f;
  ExpectLoss("6 of 6 vectors are whole, where 3 must be");
  Body(kFlags)[0] = 0;
  ExpectLoss("0 of 6 vectors are whole, where 3 must be");
}

TEST_F(MinicacheDamageTest, UnusedBitsOfTheFlags) {
  Body(kFlags)[0] = static_cast<char>(Body(kFlags)[0] | 0x40);
  ExpectLoss("unused bits");
}

TEST_F(MinicacheDamageTest, MoreVectorsThanTokens) {
  container_.tokens = 5;
  ExpectLoss("flags of 6 vectors where 5 are the most");
}

TEST_F(MinicacheDamageTest, ValuesOfFewerOrMoreTokensThanKeys) {
  container_.sections[kValues].unused_bits = 3;
  ExpectLoss("flags of 5 vectors where 6 are due");
  container_.sections[kValues].unused_bits = 1;
  ExpectLoss("flags of 7 vectors where 6 are due");
}

TEST_F(MinicacheDamageTest, SectionsOfOtherLengthsThanTheFlagsSay) {
  for (const size_t section : {kWhole, kDirections, kLengths}) {
    const std::string body = Body(section);
    Body(section) += body;
    ExpectLoss(" are due");
    Body(section) = "";
    ExpectLoss(" are due");
    Body(section) = body.substr(0, body.size() - 1);
    ExpectLoss("does not hold whole rows");
    Body(section) = body;
  }
}

TEST_F(MinicacheDamageTest, SectionsMissingOrTooMany) {
  Container fewer = container_;
  fewer.sections.pop_back();
  EXPECT_THAT(Restore(fewer.Build(), setup_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("")));
  container_.sections.push_back(container_.sections.back());
  ExpectLoss("");
}

TEST_F(MinicacheDamageTest, NumbersThatAreNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const size_t section : {kWhole, kDirections, kLengths, kValues + kDirections}) {
      const std::string body = Body(section);
      SetFloat(section, 1, bad);
      ExpectLoss("is not finite");
      Body(section) = body;
    }
  }
}

TEST_F(MinicacheDamageTest, DirectionsThatAreNoUnits) {
  SetFloat(kDirections, 0, 3e38F);
  ExpectLoss("a direction of length 3e+38");
}

TEST_F(MinicacheDamageTest, LengthsThatAreNegative) {
  SetFloat(kValues + kLengths, 1, -1);
  ExpectLoss("a layer's length of -1");
}

TEST_F(MinicacheDamageTest, ATokenOfZeros) {
  for (const size_t half : {size_t{0}, kValues}) {
    // The first three are whole, and the first one is zero.
    Body(half + kFlags)[0] = 7;
    for (size_t i = 0; i < 4; ++i) SetFloat(half + kWhole, i, 0);
  }
  ExpectLoss("row 0 is a zero token");
  // A key of zeros with a value is a token.
  SetFloat(kValues + kWhole, 2, 1);
  EXPECT_THAT(Restore(container_.Build(), setup_), IsOk());
}

// The largest lengths along any direction are still finite answers or OUT_OF_RANGE.
TEST_F(MinicacheDamageTest, TheLargestLengthsComeBackFinite) {
  for (const size_t half : {size_t{0}, kValues}) {
    for (size_t i = 0; i < 6; ++i) {
      SetFloat(half + kLengths, i, std::numeric_limits<float>::max());
    }
  }
  const auto cache = Restore(container_.Build(), setup_);
  ASSERT_THAT(cache, IsOk());
  EXPECT_TRUE(DecodedTokens(**cache).keys.allFinite());
  EXPECT_TRUE(DecodedTokens(**cache).values.allFinite());
}

}  // namespace
}  // namespace kvwire
