#ifndef KVWIRE_CLIENT_RANK_RANK_PLAN_H_
#define KVWIRE_CLIENT_RANK_RANK_PLAN_H_

// What a comparison is to run: which workloads, and which algorithms of which servers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/rank/attention_sample.h"
#include "client/rank/server_offer.h"
#include "client/run_options.h"
#include "common/workload/attention_workload.h"
#include "common/workload/gaussian_workload.h"

namespace kvwire {

// The workload of the reduction, that of the VAR transformer, and that of a file; the
// others are the Gaussian ones.
inline constexpr std::string_view kRandomWorkload = "random";
inline constexpr std::string_view kVarWorkload = "var";
inline constexpr std::string_view kDumpWorkload = "dump";

struct RankPlan {
  std::vector<std::string> workloads;   // names, in order
  std::vector<std::string> algorithms;  // specs that were named; none: the defaults
  int64_t seeds = 5;                    // at least 2; from reduction.seed on
  RunOptions reduction;                 // of the workload random
  WorkloadSize size;                    // of the Gaussian ones; dims are var's too
  std::vector<int64_t> var_sides;       // of var's maps
  std::string dump;                     // the file
  std::string scale = "1";              // factor of every score but random's
  SampleLimits limits;

  // What is in the file, if dump is among the workloads.
  std::optional<AttentionWorkload> dump_workload;
};

// Every workload that needs no file, in order of name, and dump if there is one.
std::vector<std::string> DefaultWorkloads(const std::string& dump);

// Returns INVALID_ARGUMENT, listing the names, on one that is none, or on dump without a
// file.
absl::Status CheckWorkloads(const RankPlan& plan);

// One algorithm at one server.
struct Competitor {
  size_t server = 0;  // its place among the servers
  bool built_in = true;
  std::string spec;     // in the grammar of spec_template.h
  std::string refusal;  // why it cannot run on any workload; empty: it may
};

// Who runs: at the built-in server the baselines and what was named, or the default
// comparison; at a foreign one those of its algorithms that were named, or all. Returns
// INVALID_ARGUMENT on a named spec that no server has, that the built-in server refuses at
// plan.size.tokens, or that has a scale of its own: --scale is the reference's too.
absl::StatusOr<std::vector<Competitor>> FindCompetitors(const RankPlan& plan,
                                                        absl::Span<const ServerOffer> servers);

// The competitor's spec in one spelling, for a stream of `tokens` tokens and scores times
// `scale`. Errors as ExpandSpec and, of the built-in server, ParseBuiltInSpec.
absl::StatusOr<std::string> AlgorithmOf(const Competitor& competitor, int64_t tokens,
                                        const std::string& scale);

// The factor itself. Returns INVALID_ARGUMENT unless it is rsqrt or a number in range.
absl::StatusOr<double> ScaleFactor(const std::string& scale, int64_t dims);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_PLAN_H_
