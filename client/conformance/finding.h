#ifndef KVWIRE_CLIENT_CONFORMANCE_FINDING_H_
#define KVWIRE_CLIENT_CONFORMANCE_FINDING_H_

// What a conformance case found out.

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace kvwire::conformance {

enum class Outcome {
  kPass,
  kFail,
  kNotApplicable,  // the rule says nothing about this algorithm; not a pass
  kSkip,           // a case that this one rests on did not pass
};

// "pass", "FAIL", "n/a", "skip".
std::string_view OutcomeName(Outcome outcome);

struct Finding {
  Outcome outcome = Outcome::kPass;
  std::string detail;  // what was expected and what came, or why it does not apply

  // A pass if `status` is OK, else a failure with its message. Implicit, so that a case
  // can return what KVWIRE_RETURN_IF_ERROR returns.
  Finding(const absl::Status& status)  // NOLINT(google-explicit-constructor)
      : outcome(status.ok() ? Outcome::kPass : Outcome::kFail), detail(status.message()) {}
  Finding(Outcome which, std::string why) : outcome(which), detail(std::move(why)) {}
};

inline Finding NotApplicable(std::string why) {
  return {Outcome::kNotApplicable, std::move(why)};
}

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_FINDING_H_
