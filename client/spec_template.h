#ifndef KVWIRE_CLIENT_SPEC_TEMPLATE_H_
#define KVWIRE_CLIENT_SPEC_TEMPLATE_H_

// Specs whose numbers follow the length of the stream, so that one line of a comparison
// keeps the same share of every workload:
//   size = "{n/" K [ "-" C ] "}"     n / K rounded down, less C, and at least 1
// as in "streaming:window={n/4-4}". Everything else stands for itself.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kvwire {

// Puts in the sizes for n = `tokens` >= 1. Returns INVALID_ARGUMENT, with the grammar, on
// braces around anything else: 1 <= K, 0 <= C, both below 10^9.
absl::StatusOr<std::string> ExpandSpec(std::string_view text, int64_t tokens);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SPEC_TEMPLATE_H_
