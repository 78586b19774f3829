#include "client/sweep/shard_run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/sweep/results_dump.h"
#include "client/sweep/sweep_results.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/sweep/killing_vfs.h"
#include "tests/client/sweep/trials.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

absl::StatusOr<TrialRecord> Measure(const PlannedTrial& trial) { return RecordOf(trial); }

class ShardRunTest : public ::testing::Test {
 protected:
  absl::StatusOr<ShardRun> Run(const SweepPlan& plan, const Shard& shard,
                               const std::string& path, const RunTrial& run = Measure,
                               int retries = 2) {
    auto results = ResultsFile::OpenToWrite(path);
    if (!results.ok()) return results.status();
    SweepProgress progress(said_, /*terminal=*/false, [] { return absl::UnixEpoch(); });
    return RunShard(
        plan, shard, retries, [this] { return begin_; }, run, *results, progress);
  }

  std::string Dump(const std::vector<std::string>& paths) {
    return ResultsCsv(ReadResults(paths).value(), /*measured=*/false).value();
  }

  // What one process finds that nobody disturbs.
  std::string SerialDump(const SweepPlan& plan) {
    const std::string path = folder_.File("serial.db");
    EXPECT_THAT(Run(plan, {}, path), IsOk());
    return Dump({path});
  }

  Folder folder_;
  std::string path_ = folder_.File("results.db");
  std::ostringstream said_;
  absl::Status begin_;
};

TEST_F(ShardRunTest, ItCountsWhatComesOut) {
  const auto run = Run(PlanOf(7), {}, path_);
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->counts.ToString(),
            "7 trials: 5 ok, 2 failed, 0 refused, 0 broken, 0 missing");
  EXPECT_EQ(run->done_before, 0);
  EXPECT_THAT(run->broken, IsOk());
}

TEST_F(ShardRunTest, WhatHasAResultDoesNotRunAgain) {
  ASSERT_THAT(Run(PlanOf(4), {}, path_), IsOk());
  std::vector<int64_t> ran;
  const auto run = Run(PlanOf(6), {}, path_, [&ran](const PlannedTrial& trial) {
    ran.push_back(trial.trial.seed);
    return Measure(trial);
  });
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->done_before, 4);
  EXPECT_EQ(run->counts.done(), 6);
  EXPECT_THAT(ran, ::testing::ElementsAre(5, 6));
}

TEST_F(ShardRunTest, ServicesAreNotStartedForNothing) {
  ASSERT_THAT(Run(PlanOf(4), {}, path_), IsOk());
  begin_ = absl::UnavailableError("nobody there");
  EXPECT_THAT(Run(PlanOf(4), {}, path_), IsOk());
  EXPECT_THAT(Run(PlanOf(5), {}, path_),
              StatusIs(absl::StatusCode::kUnavailable, "nobody there"));
}

TEST_F(ShardRunTest, TheShardsOfEveryCountTogetherFindWhatOneProcessFinds) {
  const SweepPlan plan = PlanOf(6);
  const std::string serial = SerialDump(plan);
  for (int64_t count = 1; count <= 8; ++count) {
    std::vector<std::string> paths;
    for (int64_t index = count; index >= 1; --index) {
      paths.push_back(folder_.File(absl::StrCat(count, "-", index, ".db")));
      ASSERT_THAT(Run(plan, {.index = index, .count = count}, paths.back()), IsOk());
    }
    EXPECT_EQ(Dump(paths), serial) << count;
    EXPECT_EQ(CountTrials(plan, ReadResults(paths).value()).missing(), 0) << count;
  }
}

TEST_F(ShardRunTest, ABrokenTrialIsTriedAgain) {
  std::map<std::string, int> attempts;
  const auto run =
      Run(PlanOf(3), {}, path_, [&](const PlannedTrial& trial) -> absl::StatusOr<TrialRecord> {
        if (++attempts[trial.key] < 3) return absl::InternalError("oh");
        return RecordOf(trial);
      });
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->counts.done(), 3);
  const SweepResults results = ReadResults({path_}).value();
  for (const auto& [key, record] : results.records) {
    EXPECT_EQ(std::get<int64_t>(record.measured.front()), 3);
  }
  EXPECT_THAT(said_.str(), AllOf(HasSubstr("attempt 1 of 3"), HasSubstr("INTERNAL: oh")));
}

TEST_F(ShardRunTest, ATrialThatStaysBrokenIsNotedAndTheOthersRun) {
  const auto third = [](const PlannedTrial& trial) -> absl::StatusOr<TrialRecord> {
    if (trial.trial.seed == 3) return absl::InternalError("oh");
    return RecordOf(trial);
  };
  const auto run = Run(PlanOf(5), {}, path_, third, /*retries=*/0);
  ASSERT_THAT(run, IsOk());
  EXPECT_THAT(run->broken, StatusIs(absl::StatusCode::kInternal, "oh"));
  EXPECT_EQ(run->counts.ToString(),
            "5 trials: 4 ok, 0 failed, 0 refused, 1 broken, 0 missing");
  const auto results = ReadResults({path_});
  ASSERT_THAT(results, IsOk());
  ASSERT_THAT(results->broken, SizeIs(1));
  EXPECT_EQ(results->broken.begin()->second.trial, TrialText(TrialAt(3)));
  EXPECT_EQ(results->broken.begin()->second.code, "INTERNAL");

  // The next run mends it.
  ASSERT_THAT(Run(PlanOf(5), {}, path_), IsOk());
  EXPECT_THAT(ReadResults({path_})->broken, SizeIs(0));
  EXPECT_EQ(Dump({path_}), SerialDump(PlanOf(5)));
}

TEST_F(ShardRunTest, AfterTooManyBrokenInARowTheOthersAreNotTried) {
  int tried = 0;
  const auto broken = [&tried](const PlannedTrial&) -> absl::StatusOr<TrialRecord> {
    ++tried;
    return absl::UnavailableError("nobody there");
  };
  EXPECT_THAT(Run(PlanOf(kMostBrokenInARow + 4), {}, path_, broken, /*retries=*/1),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("nobody there"), HasSubstr("run again"))));
  EXPECT_EQ(tried, 2 * kMostBrokenInARow);
}

TEST_F(ShardRunTest, AnotherShardInTheSameFileIsRefused) {
  ASSERT_THAT(Run(PlanOf(4), {.index = 1, .count = 2}, path_), IsOk());
  EXPECT_THAT(Run(PlanOf(4), {.index = 2, .count = 2}, path_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1/2")));
}

// Whether `act` was killed, in a process of its own.
bool IsKilled(const std::function<bool()>& act) {
  const pid_t child = fork();
  if (child == 0) _exit(act() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST_F(ShardRunTest, KilledBeforeOrAfterAnyTrialItGoesOnWhereItWas) {
  const SweepPlan plan = PlanOf(5);
  const std::string serial = SerialDump(plan);
  for (const bool before : {true, false}) {
    for (int64_t at = 1; at <= 5; ++at) {
      const std::string path = folder_.File(absl::StrCat(before, at, ".db"));
      const auto killing = [&](const PlannedTrial& trial) {
        if (before && trial.trial.seed == at) raise(SIGKILL);
        auto record = Measure(trial);
        if (trial.trial.seed == at) raise(SIGKILL);
        return record;
      };
      ASSERT_TRUE(IsKilled([&] { return Run(plan, {}, path, killing).ok(); }));
      const auto resumed = Run(plan, {}, path);
      ASSERT_THAT(resumed, IsOk());
      EXPECT_EQ(resumed->done_before, at - 1);
      EXPECT_EQ(Dump({path}), serial);
    }
  }
}

// Every moment at which a kill can make a difference to what is on disk: from the file being
// made to the last commit.
TEST_F(ShardRunTest, KilledAtAnyStepOnDiskItLosesNothingThatWasCommitted) {
  const SweepPlan plan = PlanOf(2);
  const std::string serial = SerialDump(plan);
  int step = 1;
  for (; step < 1000; ++step) {
    const std::string path = folder_.File(absl::StrCat("step", step, ".db"));
    const std::string log = folder_.File(absl::StrCat("log", step));
    const auto logging = [&log](const PlannedTrial& trial) {
      std::ofstream(log, std::ios::app) << trial.key << "\n";
      return Measure(trial);
    };
    const bool killed = IsKilled([&] {
      KillAtDiskStep(step);
      return Run(plan, {}, path, logging).ok();
    });
    if (!killed) break;
    std::ifstream file(log);
    int64_t begun = 0;
    for (std::string line; std::getline(file, line);) ++begun;
    // Whoever looks before it goes on sees whole trials too.
    if (std::filesystem::exists(path)) {
      const auto seen = ReadResults({path});
      ASSERT_THAT(seen, IsOk()) << "step " << step;
      EXPECT_LE(seen->records.size(), static_cast<size_t>(begun));
      EXPECT_GE(static_cast<int64_t>(seen->records.size()), begun - 1) << "step " << step;
    }
    const auto resumed = Run(plan, {}, path);
    ASSERT_THAT(resumed, IsOk()) << "step " << step;
    EXPECT_EQ(Dump({path}), serial) << "step " << step;
  }
  // A commit alone writes the journal, syncs it, writes a page, syncs, removes the journal.
  EXPECT_GT(step, 4 * 5);
  EXPECT_LT(step, 1000);
}

}  // namespace
}  // namespace kvwire
