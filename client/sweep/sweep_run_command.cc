#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "client/exit_code.h"
#include "client/run_options.h"
#include "client/sweep/results_file.h"
#include "client/sweep/shard_environment.h"
#include "client/sweep/shard_run.h"
#include "client/sweep/sweep_commands.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/text_file.h"
#include "client/sweep/trial_services.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct SweepRunOptions {
  RunOptions run;  // where the services are
  std::string plan;
  std::string shard;
  std::optional<int64_t> shards;
  std::string results;
  int retries = 2;
};

void PrintSummary(const FoundShard& found, const ShardRun& done, const std::string& path) {
  std::cout << "shard " << found.shard.ToString();
  if (!found.source.empty()) std::cout << " (" << found.source << ")";
  std::cout << ": " << done.counts.ToString() << "; " << done.done_before
            << " were done before -> " << path << std::endl;
}

// A trial without a result weighs more than a bad verdict: the sweep is not whole.
int ExitCodeOfRun(const ShardRun& done) {
  if (!done.broken.ok()) return ExitCodeOf(done.broken);
  return done.counts.failed > 0 ? kExitVerdict : kExitGood;
}

absl::StatusOr<int> RunCommand(const SweepRunOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const FoundShard found,
                          FindShard(options.shard, options.shards, ProcessEnvironment()));
  KVWIRE_ASSIGN_OR_RETURN(const ServicesOptions where, ServicesOptionsOf(options.run));
  KVWIRE_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.plan));
  KVWIRE_ASSIGN_OR_RETURN(const SweepPlan plan, ParsePlan(text));
  const std::string path =
      absl::StrReplaceAll(options.results, {{"{shard}", absl::StrCat(found.shard.index)}});
  KVWIRE_ASSIGN_OR_RETURN(ResultsFile results, ResultsFile::OpenToWrite(path));
  TrialServices services(where, options.run.allow_shared_algorithm);
  SweepProgress progress(std::cerr, isatty(STDERR_FILENO) != 0, absl::Now);
  KVWIRE_ASSIGN_OR_RETURN(
      const ShardRun done,
      RunShard(
          plan, found.shard, options.retries, [&services] { return services.Start(); },
          [&services](const PlannedTrial& trial) { return services.Run(trial); }, results,
          progress));
  PrintSummary(found, done, path);
  return ExitCodeOfRun(done);
}

}  // namespace

Command AddSweepRunCommand(CLI::App& app) {
  app.description(
      "Runs those trials of a plan, or of a shard of it, that have no result yet.\n"
      "  kvwire sweep run plan.jsonl --results results.db\n"
      "  kvwire sweep run plan.jsonl --shard 3/16 --results results-{shard}.db\n"
      "In a job array of Slurm, an Indexed Job of Kubernetes, under mpirun, ... the shard is\n"
      "the task's. Exits with 3 if a verdict failed, otherwise if a trial came to no end.");
  const auto options = std::make_shared<SweepRunOptions>();
  app.add_option("plan", options->plan, "the plan, a file; - for stdin")->required();
  app.add_option("--shard", options->shard, "I/N: every N-th trial, from the I-th on");
  app.add_option("--shards", options->shards,
                 "N, where the scheduler says only which shard this is")
      ->check(CLI::Range(int64_t{1}, kMostShards));
  app.add_option("--results", options->results,
                 "the file that results are kept in, and found; {shard} stands for I")
      ->required();
  app.add_option("--retries", options->retries,
                 "how often a trial that comes to no end is tried again")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  AddEndpointOptions(app, options->run);
  AddProcessOptions(app, options->run);
  return [options] { return RunCommand(*options); };
}

}  // namespace kvwire
