#include "client/waterfall/waterfall_verdict.h"

#include "absl/strings/str_cat.h"

namespace kvwire {

std::vector<WaterfallDirection> DirectionsOf(const RunResult& result) {
  const ConnectionBytes& bytes = **result.waterfall;
  return {{"alice_to_bob", "Alice to Bob", bytes.to_bob, RunResult::SentBytes(result.alice)},
          {"bob_to_alice", "Bob to Alice", bytes.to_alice, RunResult::SentBytes(result.bob)}};
}

void JudgeWaterfall(const RunResult& result, std::vector<std::string>& reasons) {
  if (!result.waterfall.has_value()) return;
  if (!result.waterfall->ok()) {
    reasons.push_back(
        absl::StrCat("there is no waterfall: ", result.waterfall->status().message()));
    return;
  }
  for (const WaterfallDirection& direction : DirectionsOf(result)) {
    if (direction.residual() == 0) continue;
    reasons.push_back(absl::StrCat("the waterfall leaves a residual: from ", direction.title,
                                   " it explains ", direction.bytes.stream.Total(), " of ",
                                   direction.kernel_bytes, " bytes, ", direction.residual(),
                                   " too few"));
  }
}

}  // namespace kvwire
