#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/demo_pictures.h"
#include "client/demo_scaling.h"
#include "client/driver.h"
#include "client/exit_code.h"
#include "client/run_options.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

absl::StatusOr<int> DemoCommand(const RunOptions& options, const std::string& folder) {
  KVWIRE_ASSIGN_OR_RETURN(const Services services, StartServices(options));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the folder ", folder, " cannot be made: ", error.message()));
  }
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  KVWIRE_ASSIGN_OR_RETURN(const bool pictures, ShowPictures(driver, options, folder));
  KVWIRE_ASSIGN_OR_RETURN(const bool scaling, ShowScaling(driver, options));
  std::cout << "\nPictures: " << folder << "/original.png, " << folder
            << "/ALGORITHM.png, and .difference.png (black where nothing changed)"
            << std::endl;
  return pictures && scaling ? kExitGood : kExitVerdict;
}

}  // namespace

Command AddDemoCommand(CLI::App& app) {
  app.description(
      "Sends a picture through every algorithm, then measures how messages grow.\n"
      "  kvwire demo --output demo-output");
  const auto options = std::make_shared<RunOptions>();
  const auto folder = std::make_shared<std::string>("demo-output");
  options->n = 64;
  options->dims = 64;
  app.add_option("--output", *folder, "folder for the pictures")->capture_default_str();
  AddServiceOptions(app, *options);
  return [options, folder] { return DemoCommand(*options, *folder); };
}

}  // namespace kvwire
