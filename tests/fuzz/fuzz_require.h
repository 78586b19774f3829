#ifndef KVWIRE_TESTS_FUZZ_FUZZ_REQUIRE_H_
#define KVWIRE_TESTS_FUZZ_FUZZ_REQUIRE_H_

// What a fuzz target holds true of every input. A failure ends the process, with the input
// kept by libFuzzer.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace kvwire {

[[noreturn]] inline void FuzzFailure(std::string_view what) {
  std::fprintf(stderr, "FAILED: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

inline void Require(bool holds, std::string_view what) {
  if (!holds) FuzzFailure(what);
}

inline void RequireOk(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  FuzzFailure(what);
}

// An error must be one of those that are documented, and say what is wrong.
inline void RequireCode(const absl::Status& status,
                        absl::Span<const absl::StatusCode> documented) {
  for (const absl::StatusCode code : documented) {
    if (status.code() == code && !status.message().empty()) return;
  }
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  FuzzFailure("an error that is not documented");
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_FUZZ_REQUIRE_H_
