#include "client/conformance/run_cases.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace kvwire::conformance {
namespace {

// The first case that `which` rests on and that was run without passing.
std::optional<std::string_view> Missing(const Case& which,
                                        const std::vector<CaseResult>& before) {
  for (const std::string_view name : which.rests_on) {
    const auto ran = std::find_if(before.begin(), before.end(), [&](const CaseResult& result) {
      return result.which->name == name;
    });
    if (ran != before.end() && ran->finding.outcome != Outcome::kPass) return name;
  }
  return std::nullopt;
}

Finding FindingOf(const Case& which, const std::vector<CaseResult>& before,
                  const Subject& subject) {
  if (!subject.refusal.empty() && which.name != kTakesTokens) {
    return {Outcome::kSkip, "it takes no tokens"};
  }
  const std::optional<std::string_view> missing = Missing(which, before);
  if (missing.has_value()) {
    return {Outcome::kSkip,
            absl::StrCat("rests on ", std::string(*missing), ", which did not pass")};
  }
  return which.run(subject);
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "FAIL";
    case Outcome::kNotApplicable:
      return "n/a";
    case Outcome::kSkip:
      return "skip";
  }
  return "";
}

int64_t CaseTable::Count(Outcome outcome) const {
  return std::count_if(results.begin(), results.end(), [outcome](const CaseResult& result) {
    return result.finding.outcome == outcome;
  });
}

CaseTable RunCases(std::string_view title, std::string_view setup,
                   absl::Span<const Case* const> cases, const Subject& subject) {
  CaseTable table{.title = std::string(title), .setup = std::string(setup)};
  for (const Case* which : cases) {
    table.results.push_back({which, FindingOf(*which, table.results, subject)});
  }
  return table;
}

std::vector<const Case*> AllServerCases() {
  std::vector<const Case*> all;
  for (const Case& one : ServerCases()) all.push_back(&one);
  return all;
}

std::vector<const Case*> AllAlgorithmCases() {
  std::vector<const Case*> all;
  for (const auto cases :
       {TokenCases(), SetupCases(), FrameCases(), SessionCases(), AttendCases(),
        SnapshotCases(), RestoreCases(), ClaimCases(), DamageCases(), InterruptionCases()}) {
    for (const Case& one : cases) all.push_back(&one);
  }
  return all;
}

std::string SetupText(const Subject& subject) {
  if (!subject.refusal.empty()) return "no setup was taken";
  return absl::StrCat(
      "d = ", subject.open.parameters().dims(), ", ",
      subject.framed() ? "bits over the keys of a public frame" : "standard normal tokens");
}

}  // namespace kvwire::conformance
