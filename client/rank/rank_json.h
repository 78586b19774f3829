#ifndef KVWIRE_CLIENT_RANK_RANK_JSON_H_
#define KVWIRE_CLIENT_RANK_RANK_JSON_H_

// A comparison as one JSON object; the keys are documented in the README.

#include <string>

#include "absl/types/span.h"
#include "client/rank/rank_plan.h"
#include "client/rank/rank_row.h"

namespace kvwire {

// With the number of every seed, not just what they say together.
std::string RankJson(const RankPlan& plan, absl::Span<const RankTable> tables);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_JSON_H_
