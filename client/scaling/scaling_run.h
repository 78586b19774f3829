#ifndef KVWIRE_CLIENT_SCALING_SCALING_RUN_H_
#define KVWIRE_CLIENT_SCALING_SCALING_RUN_H_

// How long each phase of a run takes, and how much memory each process, as n grows.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/run_options.h"

namespace kvwire {

struct ScalingOptions {
  std::vector<int64_t> sides;  // n, each a power of 2
  int64_t rows = 0;            // that Bob is asked for, evenly spread; 0: all
  RunOptions run;              // but for n and the question
};

// One size. Times are the least of several runs, where one is so short that others are
// worth while.
struct ScalingPoint {
  int64_t side = 0;
  int64_t tokens = 0;
  int64_t snapshot_bytes = 0;
  int64_t wire_bytes = 0;
  int64_t asked_rows = 0;
  int64_t errors = 0;  // among the bits asked
  int runs = 0;

  double ingest_seconds = 0;
  double snapshot_seconds = 0;  // in which Alice waited for her algorithm
  double transfer_seconds = 0;  // the rest of it
  double restore_seconds = 0;
  double attend_seconds = 0;  // and deciding
  // Of the first run, from processes that were started for it; the driver's own grows
  // with every size.
  std::vector<std::pair<std::string, int64_t>> peak_memory;
};

// Measures the sizes in order, each on services of its own, and hands each point to `done`.
// Every process is started before the first run: starting them does not go together with
// gRPC. Errors as PrepareServices, MakeRunRequest and Driver::Run.
absl::StatusOr<std::vector<ScalingPoint>> MeasureScaling(
    const ScalingOptions& options, absl::FunctionRef<void(const ScalingPoint&)> done);

// `count` of the numbers 0 .. total - 1, evenly spread, increasing; all if there are no
// more. count >= 1.
std::vector<int64_t> SpreadRows(int64_t count, int64_t total);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SCALING_SCALING_RUN_H_
