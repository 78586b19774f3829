#ifndef KVWIRE_CLIENT_CONFORMANCE_SUBJECT_H_
#define KVWIRE_CLIENT_CONFORMANCE_SUBJECT_H_

// An algorithm of a plug-in, and the setup that it is tested under.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/conformance/plug_in.h"
#include "client/conformance/test_tokens.h"

namespace kvwire::conformance {

// The scales of the test stream: a pyramid that is larger than small budgets, and one
// scale more.
inline constexpr int64_t kScales[] = {1, 4, 16, 64, 40};
// What the test setups announce, and the most tokens that a case appends.
inline constexpr int64_t kAnnouncedTokens = 1024;

struct Subject {
  const PlugIn& plug_in;
  const PlugIn* second_process = nullptr;  // another process of the same server, if any
  const v1::DescribeResponse& description;
  v1::AlgorithmDescription algorithm;  // as described
  // A setup that the algorithm takes tokens of TestTokens under.
  v1::OpenRequest open;
  std::string refusal;  // if there is none: what it said

  const std::string& spec() const { return open.parameters().algorithm(); }
  bool framed() const { return open.parameters().frame() != v1::KEY_FRAME_KIND_UNSPECIFIED; }
  TestTokens tokens(uint64_t variant = 0) const {
    return TestTokens(open.parameters(), variant);
  }
  // The test stream, one block a scale.
  std::vector<v1::IngestRequest> Stream(uint64_t variant = 0) const;
};

// The request that opens `spec` with d = `dims`, over tokens of no public frame.
v1::OpenRequest OpenRequestOf(std::string_view spec, int64_t dims);

// Finds a setup for `spec`: the least d of 8, 32, 64, 128, 256 that it takes, tokens of
// no frame rather than those of a frame. Without one the subject has a refusal. Returns
// INVALID_ARGUMENT, listing the names, if `spec` begins with none of the described ones.
absl::StatusOr<Subject> FindSubject(const PlugIn& plug_in, const PlugIn* second_process,
                                    const v1::DescribeResponse& description,
                                    std::string_view spec);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_SUBJECT_H_
