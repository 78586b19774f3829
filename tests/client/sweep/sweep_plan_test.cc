#include "client/sweep/sweep_plan.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<std::string> Keys(const SweepPlan& plan) {
  std::vector<std::string> keys;
  for (const PlannedTrial& trial : plan.trials) keys.push_back(trial.key);
  return keys;
}

TEST(SweepPlanTest, ItsTextIsAHeaderAndALineATrial) {
  EXPECT_EQ(PlanOf(2).Text(),
            absl::StrCat("{\"kvwire_sweep_plan\":1,\"trials\":2}\n", TrialText(TrialAt(1)),
                         "\n", TrialText(TrialAt(2)), "\n"));
}

TEST(SweepPlanTest, EqualTrialsMakeEqualPlansAndOthersOtherDigests) {
  EXPECT_EQ(PlanOf(5).Text(), PlanOf(5).Text());
  EXPECT_EQ(PlanOf(5).Digest(), PlanOf(5).Digest());
  EXPECT_NE(PlanOf(5).Digest(), PlanOf(4).Digest());
}

TEST(SweepPlanTest, EveryPlanReadsBack) {
  for (int64_t trials = 1; trials <= 8; ++trials) {
    const SweepPlan plan = PlanOf(trials);
    const auto parsed = ParsePlan(plan.Text());
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(parsed->Text(), plan.Text());
    EXPECT_EQ(Keys(*parsed), Keys(plan));
  }
}

TEST(SweepPlanTest, TrialsThatResolveToTheSameAreOne) {
  const auto resolve = [](const Trial& trial) -> absl::StatusOr<Trial> {
    Trial resolved = trial;
    resolved.seed %= 3;
    return resolved;
  };
  std::vector<Trial> trials;
  for (int64_t seed = 0; seed < 8; ++seed) trials.push_back(TrialAt(seed));
  const auto plan = MakePlan(trials, resolve);
  ASSERT_THAT(plan, IsOk());
  ASSERT_EQ(plan->trials.size(), 3u);
  EXPECT_EQ(plan->repeated, 5);
  for (int64_t seed = 0; seed < 3; ++seed) {
    EXPECT_EQ(plan->trials[static_cast<size_t>(seed)].trial, TrialAt(seed));
  }
}

TEST(SweepPlanTest, WhatCannotBeResolvedNamesTheTrial) {
  const auto refuse = [](const Trial&) -> absl::StatusOr<Trial> {
    return absl::OutOfRangeError("too far");
  };
  EXPECT_THAT(MakePlan({TrialAt(4)}, refuse),
              StatusIs(absl::StatusCode::kOutOfRange,
                       AllOf(HasSubstr("too far"), HasSubstr("\"seed\":4"))));
}

TEST(SweepPlanTest, HalfAPlanIsNone) {
  const std::string text = PlanOf(3).Text();
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(ParsePlan(text.substr(0, length)), StatusIs(kInvalid, HasSubstr("line ")))
        << length;
  }
}

TEST(SweepPlanTest, AChangedPlanIsRefusedWithItsLine) {
  const std::string text = PlanOf(3).Text();
  EXPECT_THAT(ParsePlan(text + TrialText(TrialAt(3)) + "\n"),
              StatusIs(kInvalid, AllOf(HasSubstr("line 5 "), HasSubstr("twice"))));
  EXPECT_THAT(ParsePlan(text + TrialText(TrialAt(4)) + "\n"),
              StatusIs(kInvalid, HasSubstr("line 1 ")));
  EXPECT_THAT(ParsePlan(absl::StrReplaceAll(text, {{"\"seed\":2", "\"seed\": 2"}})),
              StatusIs(kInvalid, HasSubstr("line 3 ")));
  EXPECT_THAT(ParsePlan(absl::StrReplaceAll(text, {{"sweep_plan\":1", "sweep_plan\":2"}})),
              StatusIs(kInvalid, HasSubstr("line 1 ")));
  EXPECT_THAT(ParsePlan("{\"kvwire_sweep_plan\":1,\"trials\":0}\n"),
              StatusIs(kInvalid, HasSubstr("line 1 ")));
}

}  // namespace
}  // namespace kvwire
