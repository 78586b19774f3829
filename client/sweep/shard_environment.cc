#include "client/sweep/shard_environment.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// The variables of one scheduler; null where it has none. The number of shards is the
// array's, from `first` to `last` by `step`, or what `count` says, or both.
struct Scheduler {
  const char* index;
  const char* first = nullptr;
  const char* last = nullptr;
  const char* step = nullptr;
  const char* count = nullptr;
  int64_t base = 0;           // the first index, where it says none
  const char* none = "";      // the index of a job that is no array
  bool only_several = false;  // does not count with one task, or beside another scheduler
};

constexpr Scheduler kSchedulers[] = {
    {.index = "SLURM_ARRAY_TASK_ID",
     .first = "SLURM_ARRAY_TASK_MIN",
     .last = "SLURM_ARRAY_TASK_MAX",
     .step = "SLURM_ARRAY_TASK_STEP",
     .count = "SLURM_ARRAY_TASK_COUNT"},
    {.index = "JOB_COMPLETION_INDEX"},
    {.index = "OMPI_COMM_WORLD_RANK", .count = "OMPI_COMM_WORLD_SIZE"},
    {.index = "PMI_RANK", .count = "PMI_SIZE"},
    {.index = "AWS_BATCH_JOB_ARRAY_INDEX", .count = "AWS_BATCH_JOB_ARRAY_SIZE"},
    {.index = "SGE_TASK_ID",
     .first = "SGE_TASK_FIRST",
     .last = "SGE_TASK_LAST",
     .step = "SGE_TASK_STEPSIZE",
     .base = 1,
     .none = "undefined"},
    {.index = "LSB_JOBINDEX",
     .last = "LSB_JOBINDEX_END",
     .step = "LSB_JOBINDEX_STEP",
     .base = 1,
     .none = "0"},
    {.index = "PBS_ARRAY_INDEX"},
    {.index = "SLURM_PROCID", .count = "SLURM_NTASKS", .only_several = true},
};

constexpr const char* kAdvice = "; say --shard I/N";

absl::StatusOr<std::optional<int64_t>> Number(const char* name,
                                              const Environment& environment) {
  const std::optional<std::string> text = name == nullptr ? std::nullopt : environment(name);
  if (!text.has_value()) return std::optional<int64_t>();
  constexpr int64_t kMost = int64_t{1} << 40;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto result = std::from_chars(text->data(), end, value);
  if (result.ec == std::errc() && result.ptr == end && 0 <= value && value <= kMost) {
    return value;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, "=", *text, " is no number of a shard", kAdvice));
}

absl::StatusOr<Shard> Checked(const Scheduler& scheduler, Shard shard) {
  if (1 <= shard.index && shard.index <= shard.count && shard.count <= kMostShards) {
    return shard;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      scheduler.index, " says shard ", shard.index, " of ", shard.count,
      ", which is none: with --shards N the indices of an array are ", scheduler.base, " to ",
      scheduler.base - 1, " + N, and N is at most ", kMostShards));
}

// The shard of a whole array.
absl::StatusOr<Shard> ShardOfArray(const Scheduler& scheduler, int64_t id,
                                   const Environment& environment) {
  KVWIRE_ASSIGN_OR_RETURN(const auto first, Number(scheduler.first, environment));
  KVWIRE_ASSIGN_OR_RETURN(const auto last, Number(scheduler.last, environment));
  KVWIRE_ASSIGN_OR_RETURN(const auto step, Number(scheduler.step, environment));
  KVWIRE_ASSIGN_OR_RETURN(const auto count, Number(scheduler.count, environment));
  if (!last.has_value() && !count.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(scheduler.index,
                     " says which shard this is, but nothing of how many; say --shards N"));
  }
  const int64_t from = first.value_or(scheduler.base);
  const int64_t by = step.value_or(1);
  if (by < 1 || id < from || (id - from) % by != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        scheduler.index, "=", id, " is not in the array from ", from, " by ", by, kAdvice));
  }
  Shard shard{.index = (id - from) / by + 1};
  shard.count = last.has_value() ? (*last - from) / by + 1 : *count;
  if (count.has_value() && *count != shard.count) {
    return absl::InvalidArgumentError(absl::StrCat(
        scheduler.count, "=", *count, ", but from ", from, " to ", *last, " there are ",
        shard.count,
        ": an array with holes; say --shards N, N being that of the whole array"));
  }
  return Checked(scheduler, shard);
}

absl::StatusOr<std::optional<Shard>> ShardOf(const Scheduler& scheduler,
                                             std::optional<int64_t> count,
                                             const Environment& environment) {
  const std::optional<std::string> text = environment(scheduler.index);
  if (!text.has_value() || *text == scheduler.none) return std::optional<Shard>();
  KVWIRE_ASSIGN_OR_RETURN(const auto id, Number(scheduler.index, environment));
  if (count.has_value()) {
    return Checked(scheduler, {.index = *id - scheduler.base + 1, .count = *count});
  }
  return ShardOfArray(scheduler, *id, environment);
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

absl::StatusOr<FoundShard> FindShard(const std::string& shard, std::optional<int64_t> count,
                                     const Environment& environment) {
  if (!shard.empty()) {
    if (count.has_value()) {
      return absl::InvalidArgumentError(
          "--shard says the count too: give it without --shards");
    }
    KVWIRE_ASSIGN_OR_RETURN(const Shard given, ParseShard(shard));
    return FoundShard{given, "--shard"};
  }
  std::optional<FoundShard> found;
  for (const Scheduler& scheduler : kSchedulers) {
    if (scheduler.only_several) {
      KVWIRE_ASSIGN_OR_RETURN(const auto tasks, Number(scheduler.count, environment));
      if (found.has_value() || tasks.value_or(1) < 2) continue;
    }
    KVWIRE_ASSIGN_OR_RETURN(const auto one, ShardOf(scheduler, count, environment));
    if (!one.has_value()) continue;
    if (found.has_value() && found->shard != *one) {
      return absl::InvalidArgumentError(
          absl::StrCat(found->source, " says shard ", found->shard.ToString(), ", and ",
                       scheduler.index, " says ", one->ToString(), kAdvice));
    }
    if (!found.has_value()) found = FoundShard{*one, scheduler.index};
  }
  if (found.has_value()) return *found;
  if (count.value_or(1) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--shards ", *count, ": no scheduler's variable says which of them this is", kAdvice));
  }
  return FoundShard{};
}

}  // namespace kvwire
