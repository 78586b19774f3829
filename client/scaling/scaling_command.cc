#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/problem_options.h"
#include "client/question.h"
#include "client/result_file.h"
#include "client/scaling/scaling_report.h"
#include "client/scaling/scaling_run.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct Flags {
  ScalingOptions options;
  int64_t largest = 512;
  std::string csv;
};

absl::StatusOr<int> ScalingCommand(Flags flags) {
  ScalingOptions& options = flags.options;
  for (int64_t side = 8; side <= flags.largest; side *= 2) options.sides.push_back(side);
  const int64_t most = Question::kMaxPositions / std::max<int64_t>(1, options.run.dims);
  if (options.rows > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rows ", options.rows, ": at most ", most,
                     " rows can be asked for at d = ", options.run.dims, ", or all"));
  }
  KVWIRE_RETURN_IF_ERROR(CheckWritable(flags.csv));
  const bool text = !options.run.json_on_stdout() && flags.csv != "-";
  if (text) std::cout << ScalingHeadText(options) << std::flush;
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<ScalingPoint> points,
                          MeasureScaling(options, [&](const ScalingPoint& point) {
                            if (text) std::cout << ScalingPointText(point) << std::flush;
                          }));
  if (text) std::cout << ScalingFitText(points) << std::flush;
  KVWIRE_RETURN_IF_ERROR(WriteResult(flags.csv, ScalingCsv(points)));
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.run.json, ScalingJson(options, points) + "\n"));
  return kExitGood;
}

}  // namespace

Command AddScalingCommand(CLI::App& app) {
  app.description(
      "Runs the reduction at n = 8, 16, ... on services of its own for each, and prints the "
      "time and memory of each phase, and how they grow.\n"
      "  kvwire scaling --largest 128\n"
      "  kvwire scaling --rows 4096 --csv scaling.csv");
  const auto flags = std::make_shared<Flags>();
  RunOptions& run = flags->options.run;
  run.dims = 64;
  app.add_option("--largest", flags->largest, "the last n")
      ->check(CLI::Range(int64_t{8}, int64_t{4096}))
      ->capture_default_str();
  app.add_option("--rows", flags->options.rows,
                 "how many rows Bob is asked for at most, evenly spread; 0: all, whose time "
                 "grows as n^4")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--algorithm", run.algorithm, "NAME[:key=value,...]; see kvwire list")
      ->capture_default_str();
  AddInstanceOptions(app, run);
  AddLimitOptions(app, run);
  app.add_option("--csv", flags->csv, "write the table as CSV to this file; - for stdout");
  app.add_option("--json", run.json, "write everything as JSON to this file; - for stdout");
  return [flags] { return ScalingCommand(*flags); };
}

}  // namespace kvwire
