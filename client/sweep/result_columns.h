#ifndef KVWIRE_CLIENT_SWEEP_RESULT_COLUMNS_H_
#define KVWIRE_CLIENT_SWEEP_RESULT_COLUMNS_H_

// What is kept of a trial. A result follows from the trial alone: whoever runs it, in
// whatever order and however often, finds the same, so merged results can be compared to
// the byte. What a run measures differs from run to run and is kept beside it: times, and
// the bytes of the connection, in which HTTP/2 acknowledges and probes as it sees fit.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/types/span.h"

namespace kvwire {

// Null, a whole number, a number, or text, as SQLite keeps them.
using Value = std::variant<std::monostate, int64_t, double, std::string>;

struct Column {
  const char* name;
  const char* type;  // SQLite's
  const char* meaning;
};

// In order.
absl::Span<const Column> ResultColumns();
absl::Span<const Column> MeasuredColumns();

// Outcomes.
inline constexpr const char* kOutcomeOk = "ok";            // the books can be believed
inline constexpr const char* kOutcomeFailed = "failed";    // they cannot: the verdict
inline constexpr const char* kOutcomeRefused = "refused";  // the algorithm takes no such trial

// One trial's row: a value for each column.
struct TrialRecord {
  std::string key;
  std::string trial;  // its text
  std::vector<Value> result;
  std::vector<Value> measured;

  const std::string& outcome() const { return std::get<std::string>(result.front()); }
};

// A trial that could not be brought to an end, however often; it has no result.
struct BrokenTrial {
  std::string key;
  std::string trial;
  int64_t attempts = 0;
  std::string code;
  std::string message;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_RESULT_COLUMNS_H_
