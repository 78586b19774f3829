#include "client/handover.h"

#include "absl/strings/str_cat.h"
#include "client/problem_options.h"
#include "common/base/status_macros.h"
#include "common/kv/absent_algorithms.h"
#include "common/kv/algorithm_spec.h"

namespace kvwire {

Generation Handover::Applied(Generation generation) const {
  generation.algorithm = algorithm;
  generation.bob_scales =
      token_log ? static_cast<int64_t>(generation.options.sides.size()) : 1;
  return generation;
}

absl::StatusOr<Handover> ParseHandover(std::string_view text,
                                       const ServicesOptions& services) {
  if (text == kTokenLog) {
    return Handover{.name = std::string(text), .algorithm = "exact", .token_log = true};
  }
  const absl::StatusOr<AlgorithmSpec> spec = AlgorithmSpec::Parse(text);
  if (spec.ok() && spec->name() == kTokenLog) {
    return absl::InvalidArgumentError(absl::StrCat(
        "algorithm ", spec->ToString(), ": a token log has no options and no wrappers"));
  }
  KVWIRE_ASSIGN_OR_RETURN(std::string algorithm, CanonicalAlgorithm(text, services));
  return Handover{.name = algorithm, .algorithm = algorithm};
}

}  // namespace kvwire
