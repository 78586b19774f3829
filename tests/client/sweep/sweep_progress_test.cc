#include "client/sweep/sweep_progress.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/trials.h"

namespace kvwire {
namespace {

class SweepProgressTest : public ::testing::Test {
 protected:
  // Runs the trials of the plan from `from` on, each in a second.
  std::string RunFrom(int64_t from, bool terminal, const SweepPlan& plan) {
    std::ostringstream out;
    SweepProgress progress(out, terminal, [this] { return now_; });
    TrialCounts counts{.planned = static_cast<int64_t>(plan.trials.size()), .ok = from};
    std::vector<const PlannedTrial*> to_run;
    for (size_t k = static_cast<size_t>(from); k < plan.trials.size(); ++k) {
      to_run.push_back(&plan.trials[k]);
    }
    progress.Begin(counts, to_run);
    for (const PlannedTrial* trial : to_run) {
      now_ += absl::Seconds(1);
      counts.Add(kOutcomeOk);
      progress.Advance(counts, *trial);
    }
    progress.End(counts);
    return out.str();
  }

  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(SweepProgressTest, ElsewhereThanOnATerminalItIsALineEveryTenSeconds) {
  EXPECT_EQ(RunFrom(0, false, PlanOf(25)),
            " 40 %  10/25  1/s  0:15 left\n"
            " 80 %  20/25  1/s  0:05 left\n");
}

TEST_F(SweepProgressTest, OnATerminalOneLineIsDrawnOver) {
  EXPECT_EQ(RunFrom(0, true, PlanOf(2)),
            "\r\x1b[K[--------------------]   0 %  0/2"
            "\r\x1b[K[##########----------]  50 %  1/2  1/s  0:01 left"
            "\r\x1b[K[####################] 100 %  2/2  1/s  0:00 left"
            "\r\x1b[K[####################] 100 %  2/2  1/s  0:00 left\n");
}

TEST_F(SweepProgressTest, TheRateIsThatOfThisRun) {
  EXPECT_EQ(RunFrom(10, false, PlanOf(20)), "100 %  20/20  1/s  0:00 left\n");
}

TEST_F(SweepProgressTest, TheTimeLeftGoesByTheWorkLeft) {
  std::vector<Trial> trials;
  for (int64_t seed = 1; seed <= 10; ++seed) trials.push_back(TrialAt(seed));
  trials.push_back(TrialAt(11));
  trials.back().scales = "1,2,4,8,16,32,64";
  const SweepPlan plan =
      MakePlan(trials, [](const Trial& t) -> absl::StatusOr<Trial> { return t; }).value();
  // 10 take ten seconds; 2^24 + 1365^2 64 multiplications are 8.09 times as many as
  // 2^24 + 21^2 64.
  EXPECT_EQ(RunFrom(0, false, plan), " 91 %  10/11  1/s  0:09 left\n");
}

TEST_F(SweepProgressTest, FaultsAreInTheLine) {
  std::ostringstream out;
  SweepProgress progress(out, true, [this] { return now_; });
  const SweepPlan plan = PlanOf(1);
  progress.Begin({.planned = 9}, {&plan.trials[0]});
  progress.End({.planned = 9, .ok = 1, .failed = 2, .refused = 3, .broken = 1});
  EXPECT_THAT(out.str(), ::testing::EndsWith("78 %  7/9  2 failed  3 refused  1 broken\n"));
}

TEST_F(SweepProgressTest, ALineOfItsOwnErasesTheOneThatIsDrawn) {
  for (const bool terminal : {true, false}) {
    std::ostringstream out;
    SweepProgress(out, terminal, [this] { return now_; }).Say("so");
    EXPECT_EQ(out.str(), terminal ? "\r\x1b[Kso\n" : "so\n");
  }
}

TEST_F(SweepProgressTest, TheWorkOfATrialGrowsWithItsTokens) {
  Trial index = TrialAt(1);
  index.problem = "index";
  index.scales = "";
  index.n = 1000;
  EXPECT_EQ(TrialWeight(index), (1 << 24) + 1000.0 * 1000 * 64);
  EXPECT_EQ(TrialWeight(TrialAt(1)), (1 << 24) + 21.0 * 21 * 64);
}

TEST(ClockTextTest, HoursAreThereWhereTheyAre) {
  EXPECT_EQ(ClockText(absl::ZeroDuration()), "0:00");
  EXPECT_EQ(ClockText(absl::Milliseconds(1)), "0:01");
  EXPECT_EQ(ClockText(absl::Seconds(59)), "0:59");
  EXPECT_EQ(ClockText(absl::Seconds(3599)), "59:59");
  EXPECT_EQ(ClockText(absl::Seconds(3723)), "1:02:03");
}

}  // namespace
}  // namespace kvwire
