#include "client/question.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kOutOfRange = absl::StatusCode::kOutOfRange;

TEST(QuestionTest, AllAsksForEverything) {
  const auto question = ParseQuestion("all", 5, 4);
  ASSERT_THAT(question, IsOk());
  EXPECT_TRUE(question->all);
}

TEST(QuestionTest, EveryPositionCanBeNamed) {
  constexpr int64_t kTokens = 5;
  constexpr int64_t kDims = 4;
  std::string every;
  std::vector<int64_t> expected;
  for (int64_t row = 0; row < kTokens; ++row) {
    for (int64_t coordinate = 0; coordinate < kDims; ++coordinate) {
      const std::string name = absl::StrCat(row, ".", coordinate);
      const auto question = ParseQuestion(name, kTokens, kDims);
      ASSERT_THAT(question, IsOk()) << name;
      EXPECT_FALSE(question->all);
      EXPECT_EQ(question->random_count, 0);
      EXPECT_THAT(question->positions, ElementsAre(row * kDims + coordinate));
      absl::StrAppend(&every, every.empty() ? "" : ",", name);
      expected.push_back(row * kDims + coordinate);
    }
  }
  const auto question = ParseQuestion(every, kTokens, kDims);
  ASSERT_THAT(question, IsOk());
  EXPECT_EQ(question->positions, expected);
}

TEST(QuestionTest, PositionsKeepTheirOrderAndMayRepeat) {
  const auto question = ParseQuestion("4.3,0.0,4.3", 5, 4);
  ASSERT_THAT(question, IsOk());
  EXPECT_THAT(question->positions, ElementsAre(19, 0, 19));
}

TEST(QuestionTest, ARandomQuestionSaysHowMany) {
  for (int64_t count = 1; count <= 20; ++count) {
    const auto question = ParseQuestion(absl::StrCat("random:", count), 5, 4);
    ASSERT_THAT(question, IsOk()) << count;
    EXPECT_FALSE(question->all);
    EXPECT_EQ(question->random_count, count);
    EXPECT_THAT(question->positions, IsEmpty());
  }
}

TEST(QuestionTest, ARandomCountIsFromOneToAllPositions) {
  for (const char* count :
       {"0", "-1", "21", "", "x", "1x", " 1", "+1", "1.5", "9223372036854775808"}) {
    EXPECT_THAT(ParseQuestion(absl::StrCat("random:", count), 5, 4),
                StatusIs(kInvalid, AllOf(HasSubstr(absl::StrCat("--ask random:", count)),
                                         HasSubstr("K must be from 1 to 20"))))
        << count;
  }
  EXPECT_THAT(ParseQuestion("random:1048576", int64_t{1} << 25, 64), IsOk());
  EXPECT_THAT(ParseQuestion("random:1048577", int64_t{1} << 25, 64),
              StatusIs(kInvalid, HasSubstr("K must be from 1 to 1048576")));
}

TEST(QuestionTest, AListIsNoLongerThanThePayload) {
  EXPECT_THAT(ParseQuestion("0.0,0.1", 1, 2), IsOk());
  EXPECT_THAT(ParseQuestion("0.0,0.1,0.0", 1, 2),
              StatusIs(kInvalid, HasSubstr("--ask lists more than 2 positions")));
}

TEST(QuestionTest, OtherTextIsRefused) {
  for (const char* text :
       {"", "All", "all ", "random", "5", ".", "5.", ".5", "a.b", "1.2.3", "1.2,", ",1.2",
        "1.2,,1.3", "1.2;1.3", "-1.2", "1.-2", "1.2 ", "99999999999999999999.0"}) {
    EXPECT_THAT(ParseQuestion(text, 5, 4),
                StatusIs(kInvalid, HasSubstr("is neither 'all', 'random:K' nor a list")))
        << text;
  }
}

TEST(QuestionTest, APositionThatIsNotThereIsOutOfRange) {
  for (const char* text :
       {"5.0", "0.4", "0.0,5.0", "9223372036854775807.0", "0.9223372036854775807"}) {
    EXPECT_THAT(ParseQuestion(text, 5, 4),
                StatusIs(kOutOfRange, HasSubstr("is not there: rows are 0 .. 4, coordinates "
                                                "0 .. 3")))
        << text;
  }
}

TEST(QuestionTest, GivenPositionsAreAskedAsTheyAre) {
  const auto positions =
      DrawQuestion({.all = false, .positions = {7, 3, 7}}, SecretBits(), 20);
  ASSERT_THAT(positions, IsOk());
  EXPECT_THAT(*positions, ElementsAre(7, 3, 7));
}

TEST(QuestionTest, RandomPositionsAreDrawnFromTheSecret) {
  const auto secret = SecretBits::FromSeed("00ff");
  ASSERT_THAT(secret, IsOk());
  const Question question{.all = false, .random_count = 10};
  const auto drawn = DrawQuestion(question, *secret, 1344);
  ASSERT_THAT(drawn, IsOk());
  EXPECT_EQ(*drawn, *secret->DrawPositions(10, 1344));
}

}  // namespace
}  // namespace kvwire
