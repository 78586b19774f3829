#ifndef KVWIRE_COMMON_KV_ABSENT_ALGORITHMS_H_
#define KVWIRE_COMMON_KV_ABSENT_ALGORITHMS_H_

// Names that are looked for among the algorithms and are no row of the table, because
// what they stand for takes no arbitrary keys and values.

#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace kvwire {

struct AbsentAlgorithm {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view reason;   // a sentence about it, without its subject and full stop
  std::string_view shown;    // the command that has it
};

// Hands over what a cache was made of in place of the cache.
inline constexpr std::string_view kTokenLog = "tokenlog";

// All of them, in order of name; none is a name of the registry.
absl::Span<const AbsentAlgorithm> AbsentAlgorithms();

// Null unless there is one of that name.
const AbsentAlgorithm* FindAbsentAlgorithm(std::string_view name);

// "NAME REASON; see COMMAND".
std::string WhyAbsent(const AbsentAlgorithm& absent);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ABSENT_ALGORITHMS_H_
