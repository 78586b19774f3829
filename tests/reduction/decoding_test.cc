#include "common/reduction/decoding.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(DecodingTest, NamesAreParsedBack) {
  EXPECT_EQ(EncodingName(ValueEncoding::kBits), "bits");
  EXPECT_EQ(EncodingName(ValueEncoding::kSigns), "signs");
  for (const ValueEncoding encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
    EXPECT_EQ(ParseEncoding(EncodingName(encoding)).value(), encoding);
  }
  EXPECT_EQ(EtaModeName(EtaMode::kWorst), "worst");
  EXPECT_EQ(EtaModeName(EtaMode::kRandom), "random");
  for (const EtaMode mode : {EtaMode::kWorst, EtaMode::kRandom}) {
    EXPECT_EQ(ParseEtaMode(EtaModeName(mode)).value(), mode);
  }
}

TEST(DecodingTest, OtherNamesAreRefusedWithTheOnesThereAre) {
  for (const std::string name : {"", "Bits", "sign", "signs ", "worst"}) {
    EXPECT_THAT(ParseEncoding(name),
                StatusIs(kInvalid, HasSubstr("the encoding of values must be bits or signs, "
                                             "not \"" +
                                             name + "\"")));
  }
  for (const std::string name : {"", "Worst", "best", "random ", "bits"}) {
    EXPECT_THAT(
        ParseEtaMode(name),
        StatusIs(kInvalid,
                 HasSubstr("the mode of eta must be worst or random, not \"" + name + "\"")));
  }
}

TEST(DecodingTest, ALongNameIsNotRepeatedWhole) {
  const std::string name(1000, 'x');
  const auto cut = AllOf(HasSubstr(absl::StrCat(std::string(32, 'x'), "\"")),
                         ::testing::Not(HasSubstr(std::string(33, 'x'))));
  EXPECT_THAT(ParseEncoding(name), StatusIs(kInvalid, cut));
  EXPECT_THAT(ParseEtaMode(name), StatusIs(kInvalid, cut));
}

TEST(DecodingTest, BitsAreWrittenAsZeroAndOneOrAsMinusAndPlusOne) {
  EXPECT_EQ(ValueOfBit(ValueEncoding::kBits, false), 0);
  EXPECT_EQ(ValueOfBit(ValueEncoding::kBits, true), 1);
  EXPECT_EQ(ValueOfBit(ValueEncoding::kSigns, false), -1);
  EXPECT_EQ(ValueOfBit(ValueEncoding::kSigns, true), 1);
}

TEST(DecodingTest, TheErrorShrinksTheInterferenceThatBitsBear) {
  // (1 - eta) / (1 + eta) by hand.
  EXPECT_EQ(Decoding().LargestMass(), 1);
  EXPECT_DOUBLE_EQ(Decoding{.eta = 0.5}.LargestMass(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(Decoding{.eta = 0.25}.LargestMass(), 0.6);
  EXPECT_NEAR(Decoding{.eta = 0.99}.LargestMass(), 1.0 / 199, 1e-15);
  EXPECT_DOUBLE_EQ((Decoding{.eta = 0.5, .eta_mode = EtaMode::kRandom}).LargestMass(),
                   1.0 / 3);
}

TEST(DecodingTest, SignsBearAsMuchWhateverTheError) {
  for (const double eta : {0.0, 0.5, 0.99}) {
    EXPECT_EQ((Decoding{.encoding = ValueEncoding::kSigns, .eta = eta}).LargestMass(), 1);
  }
}

}  // namespace
}  // namespace kvwire
