#ifndef KVWIRE_CLIENT_SWEEP_SWEEP_COMMANDS_H_
#define KVWIRE_CLIENT_SWEEP_SWEEP_COMMANDS_H_

// The subcommands of `kvwire sweep`, as those of kvwire (client/commands.h).

#include "client/commands.h"

namespace kvwire {

Command AddSweepPlanCommand(CLI::App& app);
Command AddSweepRunCommand(CLI::App& app);
Command AddSweepStatusCommand(CLI::App& app);
Command AddSweepMergeCommand(CLI::App& app);
Command AddSweepDumpCommand(CLI::App& app);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SWEEP_COMMANDS_H_
