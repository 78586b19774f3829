#include "client/sweep/trial.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Each differs from TrialAt(1) in one member.
std::vector<Trial> Others() {
  std::vector<Trial> others(15, TrialAt(1));
  others[0].problem = "index";
  others[1].n = 9;
  others[2].scales = "";
  others[3].dims = 65;
  others[4].frame = "code";
  others[5].sharpness = "10";
  others[6].encoding = "signs";
  others[7].eta = 0.1;
  others[8].eta_mode = "random";
  others[9].mask = "none";
  others[10].ask = "0.0";
  others[11].memory_limit_bytes = 1;
  others[12].algorithm = "mean";
  others[13].seed = 2;
  others[14].secret_seed = "01";
  return others;
}

TEST(TrialTest, ItsTextIsOneLineOfJson) {
  EXPECT_EQ(TrialText(TrialAt(7)),
            R"({"problem":"var","n":8,"scales":"1,2,4,8","d":64,"frame":"unit",)"
            R"("sharpness":"solve","encoding":"bits","eta":0.25,"eta_mode":"worst",)"
            R"("mask":"private","ask":"all","memory_limit_bytes":0,"algorithm":"exact",)"
            R"("seed":7,"secret_seed":"00"})");
}

TEST(TrialTest, EveryTrialReadsBackFromItsText) {
  for (const Trial& trial : Others()) {
    const auto parsed = ParseTrial(TrialText(trial));
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, trial);
  }
}

TEST(TrialTest, EveryMemberIsInTheKey) {
  std::set<std::string> keys = {TrialKey(TrialText(TrialAt(1)))};
  for (const Trial& trial : Others()) keys.insert(TrialKey(TrialText(trial)));
  EXPECT_EQ(keys.size(), 16u);
}

TEST(TrialTest, TheKeyIsTheFirstHalfOfTheSha256) {
  // FIPS 180-4, the example "abc".
  EXPECT_EQ(TrialKey("abc"), "ba7816bf8f01cfea414140de5dae2223");
}

TEST(TrialTest, NoSecondSpellingIsRead) {
  const std::string text = TrialText(TrialAt(1));
  const std::vector<std::string> others = {
      "",
      "null",
      "[]",
      "{}",
      text + " ",
      text.substr(1),
      text.substr(0, text.size() - 1),
      absl::StrReplaceAll(text, {{"0.25", "0.250"}}),
      absl::StrReplaceAll(text, {{"\"n\":8", "\"n\":8.0"}}),
      absl::StrReplaceAll(text, {{"\"n\":8", "\"n\":\"8\""}}),
      absl::StrReplaceAll(text, {{"\"d\":64,", ""}}),
      absl::StrReplaceAll(text, {{"\"d\":64,", "\"d\":64,\"e\":1,"}}),
      absl::StrReplaceAll(text, {{"exact", "ex\xff"}})};
  for (const std::string& other : others) {
    ASSERT_NE(other, text);
    EXPECT_THAT(ParseTrial(other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("kvwire sweep plan")))
        << other;
  }
}

}  // namespace
}  // namespace kvwire
