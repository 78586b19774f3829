#ifndef KVWIRE_CLIENT_COMMANDS_H_
#define KVWIRE_CLIENT_COMMANDS_H_

// The subcommands of kvwire, one .cc each. Each declares its flags on `app` and
// returns what to do once they are parsed: print, and return the exit code.

#include <CLI/CLI.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace kvwire {

using Command = std::function<absl::StatusOr<int>()>;

Command AddRunCommand(CLI::App& app);
Command AddSendCommand(CLI::App& app);
Command AddDemoCommand(CLI::App& app);
Command AddListCommand(CLI::App& app);
Command AddInspectCommand(CLI::App& app);
Command AddBoundsCommand(CLI::App& app);
Command AddScalingCommand(CLI::App& app);
Command AddProblemsCommand(CLI::App& app);
Command AddGenerateCommand(CLI::App& app);
Command AddRankCommand(CLI::App& app);
Command AddCurveCommand(CLI::App& app);
Command AddSweepCommand(CLI::App& app);
Command AddVerifyCommand(CLI::App& app);
Command AddWaterfallCommand(CLI::App& app);
Command AddHealthCommand(CLI::App& app);
Command AddConformanceCommand(CLI::App& app);
Command AddCertsCommand(CLI::App& app);

// Adds all of them to `app`: each with what to do if it was parsed. They are in the order of
// --help (command_table.cc).
std::vector<std::pair<CLI::App*, Command>> AddCommands(CLI::App& app);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_COMMANDS_H_
