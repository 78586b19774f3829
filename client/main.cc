// kvwire: runs the reduction over services, and keeps the books.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/end_signals.h"
#include "client/exit_code.h"
#include "client/version.h"

namespace {

// Where the command line asks for JSON: a path, "-" for stdout, or nowhere. Needed
// before it is parsed, for an error in it must be JSON too.
std::string JsonTarget(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFlag = "--json";
  for (size_t k = 0; k < arguments.size(); ++k) {
    const std::string_view argument = arguments[k];
    if (argument.starts_with("--json=")) return arguments[k].substr(kFlag.size() + 1);
    if (argument != kFlag || k + 1 == arguments.size()) continue;
    const std::string& value = arguments[k + 1];
    if (value == "-" || !value.starts_with('-')) return value;
  }
  return "";
}

int Report(const absl::Status& status, int exit_code, const std::string& json) {
  const std::string error = kvwire::ErrorJson(exit_code, status);
  if (json == "-") std::cout << error << std::endl;
  // Whoever reads the file must not find the result of an earlier run.
  if (!json.empty() && json != "-") std::ofstream(json, std::ios::trunc) << error << '\n';
  std::cerr << "kvwire: " << status.message() << std::endl;
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = kvwire::BlockEndSignals();
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  CLI::App app("kvwire: a KV cache's memory as a message, with every byte counted");
  app.set_version_flag("--version", absl::StrCat("kvwire ", kvwire::kVersion));
  app.require_subcommand(1);
  const auto commands = kvwire::AddCommands(app);
  const std::string json = JsonTarget({argv + 1, argv + argc});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return Report(absl::InvalidArgumentError(absl::StrCat(error.what(), " (see --help)")),
                  kvwire::kExitUsage, json);
  }
  kvwire::EndOnSignal(signals);
  for (const auto& [command, act] : commands) {
    if (!command->parsed()) continue;
    const absl::StatusOr<int> exit_code = act();
    if (exit_code.ok()) return *exit_code;
    return Report(exit_code.status(), kvwire::ExitCodeOf(exit_code.status()), json);
  }
  return kvwire::kExitUnexpected;
}
