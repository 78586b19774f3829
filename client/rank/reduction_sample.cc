#include "client/rank/reduction_sample.h"

#include "client/secret_bits.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"

namespace kvwire {

absl::StatusOr<RunRequest> ReductionRequest(const RankServer& server,
                                            const std::string& algorithm,
                                            const RunOptions& options, uint64_t seed) {
  RunOptions one = options;
  one.algorithm = algorithm;
  one.seed = seed;
  one.secret_seed = SecretSeedAt(options.secret_seed, seed);
  // A foreign server's algorithms are its own affair.
  if (!server.offer().built_in) {
    one.services.alice_algorithm = server.first_endpoint().ToString();
  }
  return MakeRunRequest(one, std::nullopt);
}

absl::StatusOr<RankSample> MeasureReduction(RankServer& server, const RunRequest& request,
                                            bool allow_one_process) {
  KVWIRE_ASSIGN_OR_RETURN(const RunResult result, server.driver().Run(request));
  const PublicParameters& parameters = request.parameters;
  const auto payload_bits = static_cast<double>(parameters.payload_bits());
  const auto state_bits = static_cast<double>(result.state_bits);
  const auto wire_bytes = static_cast<double>(result.wire_bytes());
  const auto floor_bits = static_cast<double>(result.floor_bits());
  const auto numbers = static_cast<double>(
      2 * parameters.shape.tokens() * RowWidth(parameters.shape.attention(), parameters.dims));
  RankSample sample;
  sample.seed = parameters.seed;
  sample.Set(Statistic::kPayloadBits, payload_bits);
  sample.Set(Statistic::kStateBits, state_bits);
  sample.Set(Statistic::kHeaderBits,
             8 * static_cast<double>(result.alice.snapshot_bytes()) - state_bits);
  sample.Set(Statistic::kBitsPerElement, state_bits / numbers);
  sample.Set(Statistic::kBitsPerPayloadBit, state_bits / payload_bits);
  sample.Set(Statistic::kWireBytes, wire_bytes);
  sample.Set(Statistic::kFloorBits, floor_bits);
  sample.Set(Statistic::kSoftFloorBits, result.soft_floor_bits);
  if (wire_bytes > 0) sample.Set(Statistic::kEfficiency, floor_bits / (8 * wire_bytes));
  sample.Set(Statistic::kBitErrors, static_cast<double>(result.bit_errors));
  sample.Set(Statistic::kBitErrorRate, static_cast<double>(result.bit_errors) / payload_bits);
  sample.reasons = Judge(result, {.allow_shared_algorithm = allow_one_process}).reasons;
  return sample;
}

}  // namespace kvwire
