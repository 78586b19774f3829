#ifndef KVWIRE_CLIENT_RANK_RANK_RUN_H_
#define KVWIRE_CLIENT_RANK_RANK_RUN_H_

// Runs every competitor on a workload, seed by seed.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/rank/rank_plan.h"
#include "client/rank/rank_row.h"
#include "client/rank/rank_server.h"

namespace kvwire {

// A table with a row a competitor. What an algorithm refuses, or does wrong, is said in
// its row. Returns the errors of making the workload, and those that leave nobody to
// measure: UNAVAILABLE, CANCELLED.
absl::StatusOr<RankTable> RunWorkload(const std::string& workload, const RankPlan& plan,
                                      absl::Span<const std::unique_ptr<RankServer>> servers,
                                      absl::Span<const Competitor> competitors,
                                      Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_RUN_H_
