#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands.h"
#include "client/demo_pictures.h"
#include "client/demo_scaling.h"
#include "client/driver.h"
#include "client/exit_code.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct DemoOptions {
  RunOptions run;
  std::string folder = "demo-output";
  std::vector<std::string> algorithms;
  std::vector<std::string> identical;

  bool chosen() const { return !algorithms.empty() || !identical.empty(); }
};

std::vector<Exhibit> ExhibitsOf(const DemoOptions& options) {
  std::vector<Exhibit> exhibits;
  for (const std::string& algorithm : options.algorithms) exhibits.push_back({algorithm});
  for (const std::string& algorithm : options.identical)
    exhibits.push_back({algorithm, /*lossless=*/true});
  return options.chosen() ? exhibits : AllExhibits();
}

std::string ResultsJson(const std::vector<std::string>& pictures,
                        const std::vector<std::string>& scaling) {
  return absl::StrCat("{\"pictures\": [\n", absl::StrJoin(pictures, ",\n"),
                      "\n], \"scaling\": [\n", absl::StrJoin(scaling, ",\n"), "\n]}\n");
}

// Both parts, or only the pictures of the algorithms that were chosen. Returns whether all
// was good.
absl::StatusOr<bool> Show(const DemoOptions& options, Driver& driver) {
  std::vector<std::string> pictures;
  KVWIRE_ASSIGN_OR_RETURN(bool good, ShowPictures(driver, options.run, ExhibitsOf(options),
                                                  options.folder, pictures));
  std::vector<std::string> scaling;
  if (!options.chosen()) {
    KVWIRE_ASSIGN_OR_RETURN(const bool scales, ShowScaling(driver, options.run, scaling));
    good = good && scales;
  }
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.run.json, ResultsJson(pictures, scaling)));
  return good;
}

absl::StatusOr<int> DemoCommand(const DemoOptions& options) {
  if (options.run.json_on_stdout()) {
    return absl::InvalidArgumentError("--json names a file: the tables are on stdout");
  }
  const std::string& folder = options.folder;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the folder ", folder, " cannot be made: ", error.message()));
  }
  KVWIRE_ASSIGN_OR_RETURN(Services services, StartServices(options.run));
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  KVWIRE_ASSIGN_OR_RETURN(const bool good, Show(options, driver));
  std::cout << "\nPictures: " << folder << "/original.png, " << folder
            << "/ALGORITHM.png, and .difference.png (black where nothing changed)"
            << std::endl;
  return good ? kExitGood : kExitVerdict;
}

}  // namespace

Command AddDemoCommand(CLI::App& app) {
  app.description(
      "Sends a picture through every algorithm, then measures how messages grow.\n"
      "  kvwire demo --output demo-output\n"
      "  kvwire demo --algorithm streaming:window=512 --identical bitplane");
  const auto options = std::make_shared<DemoOptions>();
  options->run.n = 64;
  options->run.dims = 64;
  app.add_option("--output", options->folder, "folder for the pictures")
      ->capture_default_str();
  app.add_option("--algorithm", options->algorithms,
                 "only this algorithm's picture (NAME:key=value,..); may be repeated");
  app.add_option("--identical", options->identical,
                 "likewise, and exit with 3 unless it comes back identical");
  app.add_option("--json", options->run.json, "write the results of all runs to this file");
  AddServiceOptions(app, options->run);
  return [options] { return DemoCommand(*options); };
}

}  // namespace kvwire
