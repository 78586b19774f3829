#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"
#include "common/wire/parameters_conversion.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

absl::Status ExpectText(std::string_view what, const std::string& text) {
  return text.empty() ? Fault(what, "a text", "none") : absl::OkStatus();
}

absl::Status ExpectComplete(const v1::AlgorithmDescription& algorithm) {
  const std::string& name = algorithm.name();
  KVWIRE_RETURN_IF_ERROR(ExpectText("an algorithm's name", name));
  KVWIRE_RETURN_IF_ERROR(ExpectText(absl::StrCat(name, ", summary"), algorithm.summary()));
  KVWIRE_RETURN_IF_ERROR(ExpectText(absl::StrCat(name, ", reference"), algorithm.reference()));
  std::set<std::string> keys;
  for (const v1::OptionDescription& option : algorithm.options()) {
    const std::string what = absl::StrCat(name, ", option ", option.key());
    KVWIRE_RETURN_IF_ERROR(ExpectText(what, option.key()));
    KVWIRE_RETURN_IF_ERROR(ExpectText(absl::StrCat(what, ", meaning"), option.meaning()));
    KVWIRE_RETURN_IF_ERROR(
        ExpectText(absl::StrCat(what, ", default"), option.default_value()));
    if (!keys.insert(option.key()).second) return Fault(what, "to be described once", "twice");
  }
  return absl::OkStatus();
}

Finding DescribesItself(const Subject& subject) {
  const v1::DescribeResponse& description = subject.description;
  KVWIRE_RETURN_IF_ERROR(
      ExpectEqual("protocol_version", kProtocolVersion, description.protocol_version()));
  if (description.algorithms().empty()) return Fault("algorithms", "one or more", "none");
  std::set<std::string> names;
  for (const auto* list : {&description.algorithms(), &description.wrappers()}) {
    for (const v1::AlgorithmDescription& algorithm : *list) {
      KVWIRE_RETURN_IF_ERROR(ExpectComplete(algorithm));
      if (names.insert(algorithm.name()).second) continue;
      return Fault(algorithm.name(), "to be described once", "twice");
    }
  }
  return absl::OkStatus();
}

Finding ProcessIdStaysTheSame(const Subject& subject) {
  const uint64_t id = subject.description.process_id();
  if (id == 0) return Fault("process_id", "a random number", "0");
  const auto again = subject.plug_in.Describe();
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Describe", again.status()));
  if (again->process_id() == id) return absl::OkStatus();
  return Fault("process_id of a second Describe", absl::StrCat(id),
               absl::StrCat(again->process_id()));
}

Finding UnknownMethodIsUnimplemented(const Subject& subject) {
  return ExpectError("a method of another name", subject.plug_in.CallUnknownMethod(),
                     {Code::kUnimplemented});
}

Finding UnknownAlgorithmIsRefused(const Subject& subject) {
  const absl::Status got =
      subject.plug_in.Open(OpenRequestOf("no-such-algorithm", 8)).status();
  KVWIRE_RETURN_IF_ERROR(ExpectError("Open of no-such-algorithm", got,
                                     {Code::kInvalidArgument}, {"no-such-algorithm"}));
  for (const v1::AlgorithmDescription& algorithm : subject.description.algorithms()) {
    KVWIRE_RETURN_IF_ERROR(ExpectError("Open of no-such-algorithm", got,
                                       {Code::kInvalidArgument}, {algorithm.name()}));
  }
  return absl::OkStatus();
}

Finding MissingParametersAreRefused(const Subject& subject) {
  v1::OpenRequest open;
  open.set_protocol_version(kProtocolVersion);
  return ExpectError("Open without parameters", subject.plug_in.Open(open).status(),
                     {Code::kInvalidArgument});
}

Finding UnknownSessionIsNotFound(const Subject& subject) {
  constexpr int64_t kNone = 987654321;
  const PlugIn& plug_in = subject.plug_in;
  v1::IngestRequest block;
  block.set_session_id(kNone);
  v1::AttendRequest queries = TestTokens(OpenRequestOf("", 8).parameters()).Queries(1);
  queries.set_session_id(kNone);
  KVWIRE_RETURN_IF_ERROR(ExpectError("Ingest into a session that never was",
                                     plug_in.Ingest({block}).status(), {Code::kNotFound}));
  KVWIRE_RETURN_IF_ERROR(
      ExpectError("Ingest without a request", plug_in.Ingest({}).status(), {Code::kNotFound}));
  KVWIRE_RETURN_IF_ERROR(ExpectError("Snapshot of a session that never was",
                                     plug_in.Snapshot(kNone).status(), {Code::kNotFound}));
  return ExpectError("Attend to a session that never was", plug_in.Attend({queries}).status(),
                     {Code::kNotFound});
}

Finding CloseNeverFails(const Subject& subject) {
  for (const int64_t id : {int64_t{987654321}, int64_t{0}, int64_t{-1}}) {
    KVWIRE_RETURN_IF_ERROR(ExpectOk(absl::StrCat("Close of session ", id, ", never opened"),
                                    subject.plug_in.Close(id)));
  }
  return absl::OkStatus();
}

constexpr Case kCases[] = {
    {"describe-complete",
     "Describe names version 1, each algorithm once, with summary, reference and options",
     DescribesItself},
    {"process-id-stable", "a process has one id as long as it lives", ProcessIdStaysTheSame},
    {"unknown-method-unimplemented", "a method that the contract lacks is UNIMPLEMENTED",
     UnknownMethodIsUnimplemented},
    {"unknown-algorithm-refused", "INVALID_ARGUMENT lists the algorithms that there are",
     UnknownAlgorithmIsRefused},
    {"missing-parameters-refused", "Open without parameters is INVALID_ARGUMENT",
     MissingParametersAreRefused},
    {"unknown-session-refused", "each call on a session that never was is NOT_FOUND",
     UnknownSessionIsNotFound},
    {"close-never-fails", "Close of a session that never was is OK", CloseNeverFails},
};

}  // namespace

absl::Span<const Case> ServerCases() { return kCases; }

}  // namespace kvwire::conformance
