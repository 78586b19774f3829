#ifndef KVWIRE_CLIENT_CONFORMANCE_CASE_H_
#define KVWIRE_CLIENT_CONFORMANCE_CASE_H_

// The conformance cases: each tests one rule of proto/kvwire/v1/algorithm.proto against a
// running server. They hold for algorithms that are lossy, that evict, that are random:
// they ask whether the contract is kept, never how good the answers are.

#include <string_view>

#include "absl/types/span.h"
#include "client/conformance/finding.h"
#include "client/conformance/subject.h"

namespace kvwire::conformance {

struct Case {
  std::string_view name;
  std::string_view rule;  // what holds
  Finding (*run)(const Subject& subject);
  // The cases that this one rests on: where one of them has not passed, this one could
  // only fail for the same reason.
  std::string_view rests_on[2] = {};
};

// The cases that others rest on.
inline constexpr std::string_view kTakesTokens = "takes-tokens";
inline constexpr std::string_view kSameBytes = "same-setup-same-bytes";
inline constexpr std::string_view kRoundTrip = "state-round-trip";

// What does not depend on the algorithm; only the subject's plug-in and description are
// looked at.
absl::Span<const Case> ServerCases();

// For each algorithm, one file a concept, in the order in which they run.
absl::Span<const Case> TokenCases();
absl::Span<const Case> SetupCases();
absl::Span<const Case> FrameCases();
absl::Span<const Case> SessionCases();
absl::Span<const Case> AttendCases();
absl::Span<const Case> ClaimCases();
absl::Span<const Case> SnapshotCases();
absl::Span<const Case> RestoreCases();
absl::Span<const Case> DamageCases();
absl::Span<const Case> InterruptionCases();

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_CASE_H_
