#ifndef KVWIRE_CLIENT_RANK_RANK_OPTIONS_H_
#define KVWIRE_CLIENT_RANK_RANK_OPTIONS_H_

// The flags of `rank`, and what they mean.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/rank/rank_plan.h"
#include "client/run_options.h"

namespace kvwire {

struct RankOptions {
  RunOptions run;  // of the workload random; services, seeds and JSON of all
  std::vector<std::string> workloads;
  std::vector<std::string> algorithms;
  std::vector<std::string> endpoints;
  std::string dump;
  std::string csv;  // path, "-" for stdout, empty for none
  std::string scale = "1";
  int64_t queries = 40;
  int64_t scale_tokens = 64;
  // Absent: 5 seeds, 4096 tokens; with --quick 2 and 512, and smaller others.
  std::optional<int64_t> seeds;
  std::optional<int64_t> tokens;
  bool quick = false;

  bool text() const { return csv != "-" && run.json != "-"; }
};

void AddRankOptions(CLI::App& app, RankOptions& options);

// The plan that the flags ask for. Returns INVALID_ARGUMENT naming the flag at fault, also
// on files to be written that cannot be.
absl::StatusOr<RankPlan> PlanOf(const RankOptions& options);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_OPTIONS_H_
