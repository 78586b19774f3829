#ifndef KVWIRE_CLIENT_SWEEP_RESULTS_DUMP_H_
#define KVWIRE_CLIENT_SWEEP_RESULTS_DUMP_H_

// Results as text for analysis: a row a trial, sorted by what the trials are (problem, n,
// ...), whatever order they ran in. Without what was measured, two sweeps of one plan have
// one dump, to the byte.

#include <string>

#include "absl/status/statusor.h"
#include "client/sweep/sweep_results.h"

namespace kvwire {

// With a header: key, the members of the trial, the columns of the result and, if asked
// for, of what was measured. Fields as in RFC 4180, a missing value an empty field. Returns
// DATA_LOSS if a trial's text is none.
absl::StatusOr<std::string> ResultsCsv(const SweepResults& results, bool measured);

// A list of objects, one a line, with the same keys, a missing value as null.
absl::StatusOr<std::string> ResultsJson(const SweepResults& results, bool measured);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_RESULTS_DUMP_H_
