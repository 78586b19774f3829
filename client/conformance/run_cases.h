#ifndef KVWIRE_CLIENT_CONFORMANCE_RUN_CASES_H_
#define KVWIRE_CLIENT_CONFORMANCE_RUN_CASES_H_

// Runs cases and keeps what they found.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "client/conformance/case.h"

namespace kvwire::conformance {

struct CaseResult {
  const Case* which;  // never null
  Finding finding;
};

// What was found for the server ("server") or for one of its algorithms.
struct CaseTable {
  std::string title;
  std::string setup;  // for people: d, what the tokens are
  std::vector<CaseResult> results;

  int64_t Count(Outcome outcome) const;
};

// Runs the cases in order. One is skipped if a case that it rests on is among those before
// it and did not pass, or if no setup was found and it is not kTakesTokens.
CaseTable RunCases(std::string_view title, std::string_view setup,
                   absl::Span<const Case* const> cases, const Subject& subject);

// Every case that is for the server, and every one that is for an algorithm.
std::vector<const Case*> AllServerCases();
std::vector<const Case*> AllAlgorithmCases();

// "d = 8, standard normal tokens".
std::string SetupText(const Subject& subject);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_RUN_CASES_H_
