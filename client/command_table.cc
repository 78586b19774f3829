#include "client/commands.h"

namespace kvwire {
namespace {

using AddCommand = Command (*)(CLI::App&);
constexpr std::pair<const char*, AddCommand> kCommands[] = {
    {"demo", AddDemoCommand},       {"run", AddRunCommand},
    {"send", AddSendCommand},       {"problems", AddProblemsCommand},
    {"scaling", AddScalingCommand}, {"generate", AddGenerateCommand},
    {"rank", AddRankCommand},       {"curve", AddCurveCommand},
    {"sweep", AddSweepCommand},     {"verify", AddVerifyCommand},
    {"bounds", AddBoundsCommand},   {"list", AddListCommand},
    {"inspect", AddInspectCommand}, {"waterfall", AddWaterfallCommand},
    {"health", AddHealthCommand},   {"conformance", AddConformanceCommand},
    {"certs", AddCertsCommand}};

}  // namespace

std::vector<std::pair<CLI::App*, Command>> AddCommands(CLI::App& app) {
  std::vector<std::pair<CLI::App*, Command>> commands;
  for (const auto& [name, add] : kCommands) {
    CLI::App* command = app.add_subcommand(name);
    commands.emplace_back(command, add(*command));
  }
  return commands;
}

}  // namespace kvwire
