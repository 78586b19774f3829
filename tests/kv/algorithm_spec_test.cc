#include "common/kv/algorithm_spec.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

TEST(AlgorithmSpecTest, ParsesANameAlone) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("exact").value();
  EXPECT_EQ(spec.name(), "exact");
  EXPECT_TRUE(spec.options().empty());
  EXPECT_EQ(spec.ToString(), "exact");
}

TEST(AlgorithmSpecTest, WritesOptionsInOrderOfKey) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("a-1:z=1,b_2=x y:z,m=-3").value();
  EXPECT_EQ(spec.ToString(), "a-1:b_2=x y:z,m=-3,z=1");
  EXPECT_EQ(AlgorithmSpec::Parse(spec.ToString()).value().ToString(), spec.ToString());
}

TEST(AlgorithmSpecTest, RefusesTextOutsideOfTheGrammar) {
  for (const char* text :
       {"", ":", "Exact", "ex act", "exact:", "exact:a", "exact:=1", "exact:a=", "exact:A=1",
        "exact:a=1,", "exact:,a=1", "exact:a=1,,b=2", "exact:a=1=2", "exact:a=\n",
        "exact:a=\x7f", "exact:a=\xc3\xa4", "exact,a=1", "exact:a b=1"}) {
    EXPECT_THAT(AlgorithmSpec::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name:key=value")))
        << text;
  }
}

TEST(AlgorithmSpecTest, ParsesOrRefusesEveryTextOfFourCharacters) {
  const std::string alphabet = "a:=,-A+";
  for (int i = 0; i < 7 * 7 * 7 * 7; ++i) {
    std::string text;
    for (int rest = i, j = 0; j < 4; ++j, rest /= 7) text.push_back(alphabet[rest % 7]);
    const auto spec = AlgorithmSpec::Parse(text);
    if (spec.ok()) {
      EXPECT_EQ(spec->ToString(), text);
    }
  }
}

TEST(AlgorithmSpecTest, ParsesWrappersInnermostFirst) {
  const AlgorithmSpec spec =
      AlgorithmSpec::Parse("kivi:bits=2+window:recent=8,sinks=4+zstd").value();
  EXPECT_EQ(spec.name(), "kivi");
  ASSERT_EQ(spec.wrappers().size(), 2);
  EXPECT_EQ(spec.wrappers()[0].ToString(), "window:recent=8,sinks=4");
  EXPECT_EQ(spec.wrappers()[1].name(), "zstd");
  EXPECT_EQ(spec.ToString(), "kivi:bits=2+window:recent=8,sinks=4+zstd");
  EXPECT_EQ(spec.WithoutWrappers().ToString(), "kivi:bits=2");
  for (const char* text : {"+", "a+", "+a", "a++b", "a+B", "a+b:", "a:b=1++"}) {
    EXPECT_THAT(AlgorithmSpec::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("after a +")))
        << text;
  }
}

TEST(AlgorithmSpecTest, RefusesAnOptionGivenTwice) {
  EXPECT_THAT(
      AlgorithmSpec::Parse("exact:a=1,b=2,a=1"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("option a is given twice")));
}

TEST(AlgorithmSpecTest, RefusesMoreThan256Characters) {
  EXPECT_THAT(AlgorithmSpec::Parse(std::string(256, 'a')), IsOk());
  EXPECT_THAT(AlgorithmSpec::Parse(std::string(257, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("257 characters")));
}

TEST(AlgorithmSpecTest, SetsAndErasesOptions) {
  AlgorithmSpec spec = AlgorithmSpec::Parse("exact:b=1").value();
  spec.Set("a", "2");
  spec.Set("b", "3");
  EXPECT_EQ(spec.ToString(), "exact:a=2,b=3");
  spec.Erase("a");
  spec.Erase("never-there");
  EXPECT_EQ(spec.ToString(), "exact:b=3");
}

TEST(AlgorithmSpecTest, ReadsWholeNumbersInTheirOneSpelling) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("exact:a=-5,b=7").value();
  EXPECT_EQ(spec.IntOption("a", 1, -5, 7).value(), -5);
  EXPECT_EQ(spec.IntOption("b", 1, -5, 7).value(), 7);
  EXPECT_EQ(spec.IntOption("c", 1, 2, 3).value(), 1);
  for (const char* text : {"abc", "6", "-6", "064", "+4", " 4", "4 ", "-0", "1e1", "0x1",
                           "99999999999999999999"}) {
    AlgorithmSpec bad = spec;
    bad.Set("a", text);
    EXPECT_THAT(bad.IntOption("a", 1, -5, 5), StatusIs(absl::StatusCode::kInvalidArgument,
                                                       HasSubstr("whole number from -5 to 5")))
        << text;
  }
}

TEST(AlgorithmSpecTest, ReadsNumbersInTheirOneSpelling) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("exact:a=0.5,b=12,c=3.25").value();
  EXPECT_EQ(spec.RealOption("a", 1, 0, 20).value(), 0.5);
  EXPECT_EQ(spec.RealOption("b", 1, 0, 20).value(), 12);
  EXPECT_EQ(spec.RealOption("c", 1, 0, 20).value(), 3.25);
  EXPECT_EQ(spec.RealOption("d", 1, 0, 20).value(), 1);
  for (const char* text : {"abc", "21", "-1", "01", "1.", ".5", "1.50", "1e1", "+1", " 1",
                           "0x1", "nan", "inf", "1.2.3"}) {
    AlgorithmSpec bad = spec;
    bad.Set("a", text);
    EXPECT_THAT(bad.RealOption("a", 1, 0, 20),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("number from 0 to 20")))
        << text;
  }
}

TEST(AlgorithmSpecTest, ReadsChoices) {
  const AlgorithmSpec spec = AlgorithmSpec::Parse("exact:a=two").value();
  EXPECT_EQ(spec.ChoiceOption("a", {"one", "two"}).value(), 1);
  EXPECT_EQ(spec.ChoiceOption("b", {"one", "two"}).value(), 0);
  EXPECT_THAT(spec.ChoiceOption("a", {"one", "three"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one of one, three")));
}

}  // namespace
}  // namespace kvwire
