#include "client/sweep/shard_environment.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

absl::StatusOr<FoundShard> Find(const Variables& variables,
                                std::optional<int64_t> count = std::nullopt,
                                const std::string& shard = "") {
  return FindShard(shard, count, [&variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

Variables SlurmArray(const std::string& id, const std::string& min, const std::string& max,
                     const std::string& step, const std::string& count) {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_MIN", min},
          {"SLURM_ARRAY_TASK_MAX", max},
          {"SLURM_ARRAY_TASK_STEP", step},
          {"SLURM_ARRAY_TASK_COUNT", count}};
}

void ExpectShard(const Variables& variables, const std::string& shard,
                 const std::string& source, std::optional<int64_t> count = std::nullopt) {
  const auto found = Find(variables, count);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->shard.ToString(), shard);
  EXPECT_EQ(found->source, source);
}

TEST(ShardEnvironmentTest, WithoutASchedulerItIsAll) { ExpectShard({}, "1/1", ""); }

TEST(ShardEnvironmentTest, WhatIsSaidGoesBeforeEveryScheduler) {
  const auto found = Find(SlurmArray("7", "0", "9", "1", "10"), std::nullopt, "2/3");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->shard.ToString(), "2/3");
  EXPECT_EQ(found->source, "--shard");
}

TEST(ShardEnvironmentTest, AnArrayOfSlurmMayBeginAndStepAnyhow) {
  constexpr const char* kSource = "SLURM_ARRAY_TASK_ID";
  ExpectShard(SlurmArray("0", "0", "15", "1", "16"), "1/16", kSource);
  ExpectShard(SlurmArray("15", "0", "15", "1", "16"), "16/16", kSource);
  ExpectShard(SlurmArray("1", "1", "4", "1", "4"), "1/4", kSource);
  ExpectShard(SlurmArray("30", "10", "30", "10", "3"), "3/3", kSource);
  ExpectShard(SlurmArray("24", "20", "25", "4", "2"), "2/2", kSource);
}

TEST(ShardEnvironmentTest, EverySchedulersVariablesAreKnown) {
  ExpectShard({{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "4"}}, "3/4",
              "OMPI_COMM_WORLD_RANK");
  ExpectShard({{"PMI_RANK", "0"}, {"PMI_SIZE", "4"}}, "1/4", "PMI_RANK");
  ExpectShard({{"AWS_BATCH_JOB_ARRAY_INDEX", "9"}, {"AWS_BATCH_JOB_ARRAY_SIZE", "10"}},
              "10/10", "AWS_BATCH_JOB_ARRAY_INDEX");
  ExpectShard({{"SGE_TASK_ID", "6"},
               {"SGE_TASK_FIRST", "2"},
               {"SGE_TASK_LAST", "10"},
               {"SGE_TASK_STEPSIZE", "2"}},
              "3/5", "SGE_TASK_ID");
  ExpectShard({{"LSB_JOBINDEX", "3"}, {"LSB_JOBINDEX_END", "8"}, {"LSB_JOBINDEX_STEP", "1"}},
              "3/8", "LSB_JOBINDEX");
  ExpectShard({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}}, "2/2", "SLURM_PROCID");
}

TEST(ShardEnvironmentTest, WithACountTheSchedulerSaysOnlyWhich) {
  ExpectShard({{"JOB_COMPLETION_INDEX", "0"}}, "1/16", "JOB_COMPLETION_INDEX", 16);
  ExpectShard({{"PBS_ARRAY_INDEX", "15"}}, "16/16", "PBS_ARRAY_INDEX", 16);
  ExpectShard({{"LSB_JOBINDEX", "16"}}, "16/16", "LSB_JOBINDEX", 16);
  // Part of an array, submitted again.
  ExpectShard(SlurmArray("3", "3", "7", "1", "2"), "4/16", "SLURM_ARRAY_TASK_ID", 16);
  ExpectShard({}, "1/1", "", 1);
}

TEST(ShardEnvironmentTest, AJobThatIsNoArrayIsNoShard) {
  ExpectShard({{"SGE_TASK_ID", "undefined"}}, "1/1", "");
  ExpectShard({{"LSB_JOBINDEX", "0"}}, "1/1", "");
  ExpectShard({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}, "1/1", "");
  ExpectShard({{"SLURM_PROCID", "0"}}, "1/1", "");
}

TEST(ShardEnvironmentTest, TheTasksOfSrunDoNotCountBesideAnotherScheduler) {
  Variables variables = SlurmArray("2", "0", "3", "1", "4");
  variables.insert({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}});
  ExpectShard(variables, "3/4", "SLURM_ARRAY_TASK_ID");
}

TEST(ShardEnvironmentTest, WhatIsInDoubtIsRefusedWithWhatToSay) {
  Variables two = {{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "4"}};
  two.merge(SlurmArray("2", "0", "15", "1", "16"));
  const std::pair<absl::StatusOr<FoundShard>, std::vector<std::string>> doubtful[] = {
      {Find(two), {"SLURM_ARRAY_TASK_ID", "3/16", "OMPI_COMM_WORLD_RANK", "3/4", "--shard"}},
      {Find(SlurmArray("3", "3", "7", "1", "2")), {"holes", "--shards N"}},
      {Find({{"JOB_COMPLETION_INDEX", "3"}}), {"JOB_COMPLETION_INDEX", "--shards N"}},
      {Find({{"JOB_COMPLETION_INDEX", "16"}}, 16), {"JOB_COMPLETION_INDEX", "17 of 16"}},
      {Find({{"LSB_JOBINDEX", "17"}}, 16), {"LSB_JOBINDEX", "17 of 16"}},
      {Find({{"PMI_RANK", "x"}, {"PMI_SIZE", "4"}}), {"PMI_RANK=x", "--shard"}},
      {Find({{"PMI_RANK", "4"}, {"PMI_SIZE", "4"}}), {"PMI_RANK", "5 of 4"}},
      {Find(SlurmArray("1", "0", "8", "2", "5")), {"SLURM_ARRAY_TASK_ID=1", "by 2"}},
      {Find(SlurmArray("1", "0", "8", "0", "5")), {"SLURM_ARRAY_TASK_ID=1", "by 0"}},
      {Find({}, 16), {"--shards 16", "--shard I/N"}},
      {Find({}, 3, "1/3"), {"--shard", "--shards"}}};
  for (const auto& [found, words] : doubtful) {
    for (const std::string& word : words) {
      EXPECT_THAT(found, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(word)));
    }
  }
}

}  // namespace
}  // namespace kvwire
