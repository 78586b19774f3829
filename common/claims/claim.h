#ifndef KVWIRE_COMMON_CLAIMS_CLAIM_H_
#define KVWIRE_COMMON_CLAIMS_CLAIM_H_

// A statement of the papers that an experiment can decide, and what one run of the
// experiment found. An outcome is always computed from that run's measurements, by the
// rule written beside the experiment, whatever outcome is expected.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/statistics/binomial_interval.h"

namespace kvwire {

enum class Outcome {
  kHolds,
  kHoldsWithOtherConstants,
  kDoesNotHold,
  kUndecided,  // too few draws to tell
};

// "holds", "holds with other constants", "does not hold as printed", "undecided".
std::string_view OutcomeName(Outcome outcome);

struct ClaimOptions {
  uint64_t seed = 1;  // of everything that is drawn
  double effort = 1;  // how many draws, relative to the usual number; > 0

  // The number of draws where `usual` are usual, at least 1.
  int64_t Draws(int64_t usual) const;
};

// A measured number; with a 95 % confidence interval where it is a proportion.
struct Figure {
  Figure(std::string name, double number);
  Figure(std::string name, const Proportion& proportion);

  std::string what;
  double value;
  std::optional<Interval> interval;
};

struct ClaimReport {
  std::string setting;          // what was run, with its sizes
  std::vector<Figure> figures;  // all that was measured
  std::string measured;         // the figures that decide, in one line
  Outcome outcome = Outcome::kUndecided;
  std::string why;  // explains the expected outcome; another one the figures must explain
};

struct Claim {
  std::string_view name;       // of the command line
  std::string_view statement;  // what the paper says, in our words
  std::string_view source;
  Outcome expected;  // what the theory of this repository expects
  absl::StatusOr<ClaimReport> (*check)(const ClaimOptions& options);
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_CLAIMS_CLAIM_H_
