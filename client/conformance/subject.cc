#include "client/conformance/subject.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/conformance/expectations.h"
#include "common/base/status_macros.h"
#include "common/kv/absent_algorithms.h"
#include "common/wire/parameters_conversion.h"

namespace kvwire::conformance {
namespace {

constexpr int64_t kDims[] = {8, 32, 64, 128, 256};

absl::StatusOr<v1::AlgorithmDescription> FindDescription(
    const v1::DescribeResponse& description, std::string_view spec) {
  const std::string_view name = spec.substr(0, spec.find_first_of(":+"));
  std::vector<std::string> names;
  for (const v1::AlgorithmDescription& algorithm : description.algorithms()) {
    if (algorithm.name() == name) return algorithm;
    names.push_back(algorithm.name());
  }
  const AbsentAlgorithm* absent = FindAbsentAlgorithm(name);
  if (absent != nullptr) return absl::InvalidArgumentError(WhyAbsent(*absent));
  return absl::InvalidArgumentError(absl::StrCat("the server describes no algorithm '",
                                                 std::string(name), "'; it has ",
                                                 absl::StrJoin(names, ", ")));
}

// Whether a session of `open` takes its first tokens.
absl::Status TryTokens(const PlugIn& plug_in, const v1::OpenRequest& open) {
  KVWIRE_ASSIGN_OR_RETURN(const int64_t session, plug_in.Open(open));
  v1::IngestRequest block = TestTokens(open.parameters()).Block(0, 3);
  block.set_session_id(session);
  const absl::Status taken = plug_in.Ingest({block}).status();
  plug_in.Close(session).IgnoreError();
  return taken;
}

// What an algorithm may take, the plainest first.
std::vector<v1::OpenRequest> SetupsOf(std::string_view spec) {
  std::vector<v1::OpenRequest> setups;
  for (const auto attention : {v1::ATTENTION_KIND_ORDINARY, v1::ATTENTION_KIND_TENSOR}) {
    for (const auto frame : {v1::KEY_FRAME_KIND_UNSPECIFIED, v1::KEY_FRAME_KIND_UNIT}) {
      for (const int64_t dims : kDims) {
        setups.push_back(OpenRequestOf(spec, dims));
        setups.back().mutable_parameters()->set_attention(attention);
        setups.back().mutable_parameters()->set_frame(frame);
      }
    }
  }
  return setups;
}

}  // namespace

std::vector<v1::IngestRequest> Subject::Stream(uint64_t variant) const {
  std::vector<v1::IngestRequest> blocks;
  int64_t first = 0;
  for (const int64_t rows : kScales) {
    blocks.push_back(tokens(variant).Block(first, rows));
    first += rows;
  }
  return blocks;
}

v1::OpenRequest OpenRequestOf(std::string_view spec, int64_t dims) {
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  v1::CacheParameters& parameters = *open.mutable_parameters();
  parameters.set_algorithm(std::string(spec));
  parameters.set_dims(dims);
  parameters.set_token_count(kAnnouncedTokens);
  parameters.set_query_count(kAnnouncedTokens);
  parameters.set_seed(1);
  parameters.set_sharpness(8);
  return open;
}

absl::StatusOr<Subject> FindSubject(const PlugIn& plug_in, const PlugIn* second_process,
                                    const v1::DescribeResponse& description,
                                    std::string_view spec) {
  KVWIRE_ASSIGN_OR_RETURN(v1::AlgorithmDescription algorithm,
                          FindDescription(description, spec));
  Subject subject{.plug_in = plug_in,
                  .second_process = second_process,
                  .description = description,
                  .algorithm = std::move(algorithm)};
  for (const v1::OpenRequest& open : SetupsOf(spec)) {
    subject.open = open;
    const absl::Status taken = TryTokens(plug_in, open);
    if (taken.ok()) {
      subject.refusal.clear();
      return subject;
    }
    subject.refusal = StatusText(taken);
  }
  return subject;
}

}  // namespace kvwire::conformance
