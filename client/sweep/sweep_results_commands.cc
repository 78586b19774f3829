#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "client/sweep/results_dump.h"
#include "client/sweep/results_file.h"
#include "client/sweep/sweep_commands.h"
#include "client/sweep/sweep_plan.h"
#include "client/sweep/sweep_results.h"
#include "client/sweep/text_file.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct SweepResultsOptions {
  std::string plan;
  std::vector<std::string> files;
  std::string output;
  std::string csv;
  std::string json;
  bool partial = false;
  bool measured = false;
};

absl::StatusOr<SweepPlan> ReadPlan(const std::string& path) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParsePlan(text);
}

// A folder stands for the *.db in it, for where no shell is there to list them.
absl::StatusOr<SweepResults> ReadFiles(const std::vector<std::string>& files) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const std::string& file : files) {
    if (!std::filesystem::is_directory(file, error)) {
      paths.push_back(file);
      continue;
    }
    std::vector<std::string> inside;
    for (std::filesystem::directory_iterator entry(file, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() == ".db") inside.push_back(entry->path());
    }
    if (inside.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no *.db in ", file));
    }
    std::sort(inside.begin(), inside.end());
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return ReadResults(paths);
}

absl::Status CheckComplete(const TrialCounts& counts) {
  if (counts.missing() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(counts.missing(), " of ", counts.planned,
                   " trials have no result: run their shards again"));
}

std::string CountsJson(const TrialCounts& counts) {
  const nlohmann::ordered_json json = {
      {"planned", counts.planned}, {"ok", counts.ok},         {"failed", counts.failed},
      {"refused", counts.refused}, {"broken", counts.broken}, {"missing", counts.missing()}};
  return json.dump(2) + "\n";
}

// What is wrong with which trials, the first of them.
void PrintFaults(const std::vector<TrialRecord>& records, const SweepResults& results) {
  constexpr int kMostShown = 10;
  int shown = 0;
  for (const TrialRecord& record : records) {
    if (record.outcome() != kOutcomeFailed || ++shown > kMostShown) continue;
    std::cout << "failed " << record.trial << "\n  "
              << std::get<std::string>(record.measured[1]) << "\n";
  }
  for (const auto& [key, broken] : results.broken) {
    if (++shown > kMostShown) continue;
    std::cout << "broken " << broken.trial << "\n  " << broken.code << ": " << broken.message
              << "\n";
  }
  if (shown > kMostShown) std::cout << "and " << shown - kMostShown << " more\n";
}

absl::StatusOr<int> StatusCommand(const SweepResultsOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const SweepPlan plan, ReadPlan(options.plan));
  KVWIRE_ASSIGN_OR_RETURN(const SweepResults results, ReadFiles(options.files));
  const TrialCounts counts = CountTrials(plan, results);
  if (options.json.empty()) {
    std::cout << "plan " << plan.Digest() << ": " << counts.ToString() << std::endl;
    PrintFaults(RecordsOf(plan, results), results);
  } else {
    KVWIRE_RETURN_IF_ERROR(WriteResult(options.json, CountsJson(counts)));
  }
  if (counts.missing() > 0) return ExitCodeOf(CheckComplete(counts));
  return counts.failed > 0 ? kExitVerdict : kExitGood;
}

absl::StatusOr<int> MergeCommand(const SweepResultsOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const SweepPlan plan, ReadPlan(options.plan));
  KVWIRE_ASSIGN_OR_RETURN(const SweepResults results, ReadFiles(options.files));
  const TrialCounts counts = CountTrials(plan, results);
  if (!options.partial) KVWIRE_RETURN_IF_ERROR(CheckComplete(counts));
  // Beside its place first, so that there is never half a file there.
  const std::string unfinished = options.output + ".unfinished";
  std::error_code error;
  std::filesystem::remove(unfinished, error);
  {
    KVWIRE_ASSIGN_OR_RETURN(ResultsFile merged, ResultsFile::OpenToWrite(unfinished));
    KVWIRE_RETURN_IF_ERROR(merged.Claim(plan.Digest(), {}));
    KVWIRE_RETURN_IF_ERROR(merged.RecordAll(RecordsOf(plan, results)));
  }
  std::filesystem::rename(unfinished, options.output, error);
  if (error) {
    return absl::UnknownError(absl::StrCat(options.output, " cannot be written"));
  }
  std::cout << counts.ToString() << " -> " << options.output << std::endl;
  return kExitGood;
}

absl::StatusOr<int> DumpCommand(const SweepResultsOptions& options) {
  if (options.csv == "-" && options.json == "-") {
    return absl::InvalidArgumentError("--csv - and --json - both want stdout");
  }
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.csv));
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.json));
  KVWIRE_ASSIGN_OR_RETURN(const SweepResults results, ReadFiles(options.files));
  const bool neither = options.csv.empty() && options.json.empty();
  KVWIRE_ASSIGN_OR_RETURN(const std::string csv, ResultsCsv(results, options.measured));
  KVWIRE_RETURN_IF_ERROR(WriteResult(neither ? "-" : options.csv, csv));
  KVWIRE_ASSIGN_OR_RETURN(const std::string json, ResultsJson(results, options.measured));
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.json, json));
  return kExitGood;
}

using Act = absl::StatusOr<int> (*)(const SweepResultsOptions&);

Command CommandOf(Act act, const std::shared_ptr<SweepResultsOptions>& options) {
  return [act, options] { return act(*options); };
}

void AddPlanAndFiles(CLI::App& app, SweepResultsOptions& options) {
  app.add_option("plan", options.plan, "the plan")->required();
  app.add_option("files", options.files,
                 "the results files of its shards, or the folder that they are in")
      ->required();
}

}  // namespace

Command AddSweepStatusCommand(CLI::App& app) {
  app.description(
      "Says how far a sweep is, and what is wrong. Exits with 0 if every trial has a result "
      "and\nno verdict failed, with 3 if one did, with 73 if results are missing.");
  const auto options = std::make_shared<SweepResultsOptions>();
  AddPlanAndFiles(app, *options);
  app.add_option("--json", options->json, "write the counts as JSON; - for stdout");
  return CommandOf(StatusCommand, options);
}

Command AddSweepMergeCommand(CLI::App& app) {
  app.description(
      "Puts the results of all shards into one file. Its dump is that of a sweep that ran\n"
      "in one process, to the byte.");
  const auto options = std::make_shared<SweepResultsOptions>();
  AddPlanAndFiles(app, *options);
  app.add_option("--output", options->output, "the file, in place of what is there")
      ->required();
  app.add_flag("--partial", options->partial, "merge although results are missing");
  return CommandOf(MergeCommand, options);
}

Command AddSweepDumpCommand(CLI::App& app) {
  app.description(
      "Prints results for analysis, sorted by what the trials are; CSV on stdout.");
  const auto options = std::make_shared<SweepResultsOptions>();
  app.add_option("files", options->files, "results files, or the folder that they are in")
      ->required();
  app.add_option("--csv", options->csv, "write CSV to this file; - for stdout");
  app.add_option("--json", options->json, "write JSON to this file; - for stdout");
  app.add_flag("--measured", options->measured,
               "with what differs from run to run: times, wire bytes, reasons, host");
  return CommandOf(DumpCommand, options);
}

}  // namespace kvwire
