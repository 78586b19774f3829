#ifndef KVWIRE_CLIENT_RANK_REDUCTION_SAMPLE_H_
#define KVWIRE_CLIENT_RANK_REDUCTION_SAMPLE_H_

// One algorithm in one run of the reduction with uniform bits, with the whole verdict.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/rank/rank_row.h"
#include "client/rank/rank_server.h"
#include "client/run_options.h"

namespace kvwire {

// The run that `options` asks for, at `seed` of the public coin and the secret seed there,
// with an algorithm of the server's. Errors as MakeRunRequest.
absl::StatusOr<RunRequest> ReductionRequest(const RankServer& server,
                                            const std::string& algorithm,
                                            const RunOptions& options, uint64_t seed);

// Runs it. Errors as Driver::Run.
absl::StatusOr<RankSample> MeasureReduction(RankServer& server, const RunRequest& request,
                                            bool allow_one_process);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_REDUCTION_SAMPLE_H_
