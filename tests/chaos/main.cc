// kvwire_chaos: kills, network faults, flipped bits, cuts and a soak, behind ./dev chaos.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "common/wire/transport_tuning.h"
#include "tests/chaos/rounds.h"

namespace {

struct ChaosFlags {
  uint64_t seed = 1;
  int64_t kills = 5000;
  int64_t faults = 5000;
  int64_t rounds = 1;
  int64_t connection_flips = -1;
  int64_t chunk_flips = 0;
  int64_t cuts = 0;
  int64_t cut_message_bytes = int64_t{1} << 30;
  int64_t soak = 0;
  std::string limit = "20m";
};

void AddFlags(CLI::App& app, ChaosFlags& flags) {
  app.add_option("--seed", flags.seed, "where all draws come from")->capture_default_str();
  app.add_option("--kills", flags.kills, "processes to kill")->capture_default_str();
  app.add_option("--faults", flags.faults, "network faults")->capture_default_str();
  app.add_option("--rounds", flags.rounds, "how often to make both, each with another seed")
      ->capture_default_str();
  app.add_option("--flips", flags.connection_flips,
                 "bits to flip of the connection of a message of 4 KiB; 0: every one");
  app.add_option("--chunk-flips", flags.chunk_flips,
                 "bits to flip of a chunk of 1 MiB, in process");
  app.add_option("--cuts", flags.cuts, "times to cut a link that carries a long message");
  app.add_option("--cut-message", flags.cut_message_bytes, "how long it is (1GiB)")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--soak", flags.soak, "small runs after which nothing may have grown");
  app.add_option("--limit", flags.limit,
                 "most time for the kills, and for the faults, a round")
      ->capture_default_str();
}

bool RunRounds(const ChaosFlags& flags, absl::Duration limit) {
  using kvwire::RoundOptions;
  bool good = true;
  for (int64_t round = 0; round < flags.rounds; ++round) {
    const uint64_t seed = flags.seed + static_cast<uint64_t>(round);
    const RoundOptions kills{.count = flags.kills, .seed = seed, .limit = limit};
    const RoundOptions faults{.count = flags.faults, .seed = seed, .limit = limit};
    if (flags.kills > 0) good = kvwire::KillRound(kills) && good;
    if (flags.faults > 0) good = kvwire::NetworkRound(faults) && good;
  }
  const auto of = [&](int64_t count) {
    return RoundOptions{.count = count, .seed = flags.seed};
  };
  if (flags.connection_flips >= 0) {
    good = kvwire::ConnectionFlipRound(of(flags.connection_flips)) && good;
  }
  if (flags.chunk_flips > 0) good = kvwire::ChunkFlipRound(of(flags.chunk_flips)) && good;
  if (flags.cuts > 0) {
    good = kvwire::CutRound(of(flags.cuts), flags.cut_message_bytes) && good;
  }
  if (flags.soak > 0) good = kvwire::SoakRound(of(flags.soak)) && good;
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  kvwire::TuneProcess();
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  CLI::App app("kvwire_chaos: kills and faults by the thousand");
  ChaosFlags flags;
  AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  absl::Duration limit;
  if (!absl::ParseDuration(flags.limit, &limit)) {
    std::cerr << "--limit " << flags.limit << " is no duration" << std::endl;
    return 2;
  }
  const bool good = RunRounds(flags, limit);
  std::cout << (good ? "chaos: all as it should be" : "chaos: FAILED") << std::endl;
  return good ? 0 : 1;
}
