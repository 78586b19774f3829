#include <utility>
#include <vector>

#include "client/exit_code.h"
#include "client/sweep/sweep_commands.h"

namespace kvwire {
namespace {

using AddCommand = Command (*)(CLI::App&);
constexpr std::pair<const char*, AddCommand> kCommands[] = {{"plan", AddSweepPlanCommand},
                                                            {"run", AddSweepRunCommand},
                                                            {"status", AddSweepStatusCommand},
                                                            {"merge", AddSweepMergeCommand},
                                                            {"dump", AddSweepDumpCommand}};

}  // namespace

Command AddSweepCommand(CLI::App& app) {
  app.description(
      "Thousands of runs of the reduction, on one machine or many, killed and resumed at "
      "will.\n"
      "  kvwire sweep plan spec.json --output plan.jsonl\n"
      "  kvwire sweep run plan.jsonl --shard 3/16 --results results-3.db\n"
      "  kvwire sweep status plan.jsonl results-*.db\n"
      "  kvwire sweep merge plan.jsonl results-*.db --output results.db\n"
      "  kvwire sweep dump results.db --csv -");
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Command>> commands;
  for (const auto& [name, add] : kCommands) {
    CLI::App* command = app.add_subcommand(name);
    commands.emplace_back(command, add(*command));
  }
  return [commands]() -> absl::StatusOr<int> {
    for (const auto& [command, act] : commands) {
      if (command->parsed()) return act();
    }
    return kExitUnexpected;
  };
}

}  // namespace kvwire
