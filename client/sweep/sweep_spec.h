#ifndef KVWIRE_CLIENT_SWEEP_SWEEP_SPEC_H_
#define KVWIRE_CLIENT_SWEEP_SWEEP_SPEC_H_

// What a sweep is to run, as a person writes it: a JSON object
//
//   {"secret_seed": "00",            hexadecimal; "00" if absent
//    "grids": [{"problem": "var",    every key of a grid but seeds has a value or a list
//               "n": [8, 16],        of values, and a grid is all their combinations
//               "d": 64,
//               "algorithm": ["bitplane", "streaming:window={n/4-4}"],
//               "seeds": 10}]}       10 of the public coin, from 1 on
//
// The keys of a grid are those flags of `kvwire run` that decide what a run finds: problem,
// n or scales, d, frame, sharpness, encoding, eta, eta_mode, mask, ask, memory_limit (bytes)
// and algorithm, in the grammar of spec_template.h, with the same defaults. seeds is a count,
// {"first": F, "count": N}, or a list. Trials at one seed of the public coin have the same
// private bits, whatever their algorithm.

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/sweep/trial.h"

namespace kvwire {

inline constexpr int64_t kMostTrials = int64_t{1} << 18;

// The trials of every grid in turn, the seed running fastest, as they are written: values
// are not checked, and templates not expanded. n is 0 where scales are given. Returns
// INVALID_ARGUMENT, naming the grid and the key, on text that is none of these, keys that
// it does not know, values of another kind, or more than kMostTrials trials.
absl::StatusOr<std::vector<Trial>> ParseSweepSpec(std::string_view text);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SWEEP_SWEEP_SPEC_H_
