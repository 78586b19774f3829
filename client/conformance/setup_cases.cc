// What Open refuses.

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

// The spec with one more option.
std::string WithOption(const Subject& subject, std::string_view option) {
  const std::string& spec = subject.spec();
  const size_t last = spec.rfind('+') == std::string::npos ? 0 : spec.rfind('+');
  const bool has_options = spec.find(':', last) != std::string::npos;
  return absl::StrCat(spec, has_options ? "," : ":", std::string(option));
}

absl::Status OpenOf(const Subject& subject, const std::string& spec) {
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->set_algorithm(spec);
  const absl::StatusOr<int64_t> session = subject.plug_in.Open(open);
  if (session.ok()) subject.plug_in.Close(*session).IgnoreError();
  return session.status();
}

absl::Status ExpectRefused(const Subject& subject, const std::string& spec,
                           std::initializer_list<std::string_view> words = {}) {
  return ExpectError(absl::StrCat("Open of ", spec), OpenOf(subject, spec),
                     {Code::kInvalidArgument}, words);
}

bool IsWrapped(const Subject& subject) {
  return subject.spec().find('+') != std::string::npos;
}

Finding UnknownOptionIsRefused(const Subject& subject) {
  const std::string spec = WithOption(subject, "no-such-option=1");
  KVWIRE_RETURN_IF_ERROR(ExpectRefused(subject, spec, {"no-such-option"}));
  if (IsWrapped(subject)) return absl::OkStatus();  // the wrapper's options are asked for
  for (const v1::OptionDescription& option : subject.algorithm.options()) {
    KVWIRE_RETURN_IF_ERROR(ExpectRefused(subject, spec, {option.key()}));
  }
  return absl::OkStatus();
}

Finding MalformedSpecIsRefused(const Subject& subject) {
  const std::string& name = subject.algorithm.name();
  for (const char* tail : {":", ":=", ":=1", ":key", ",key=1", ":a=1,", "+",
                           "+no-such-wrapper", "+no-such-wrapper:a=1", " ", "\n"}) {
    KVWIRE_RETURN_IF_ERROR(ExpectRefused(subject, absl::StrCat(name, tail)));
  }
  KVWIRE_RETURN_IF_ERROR(ExpectRefused(subject, absl::StrCat("+", name)));
  return ExpectRefused(subject, absl::StrCat(name, ":a=", std::string(5000, 'x')));
}

Finding NonsenseValueIsRefused(const Subject& subject) {
  if (subject.algorithm.options().empty()) return NotApplicable("it has no options");
  const std::string& name = subject.algorithm.name();
  for (const v1::OptionDescription& option : subject.algorithm.options()) {
    KVWIRE_RETURN_IF_ERROR(
        ExpectRefused(subject, absl::StrCat(name, ":", option.key(), "=!")));
  }
  return absl::OkStatus();
}

Finding DefaultsChangeNothing(const Subject& subject) {
  if (subject.algorithm.options().empty()) return NotApplicable("it has no options");
  Subject plain = subject;
  plain.open.mutable_parameters()->set_algorithm(subject.algorithm.name());
  // The subject's own options may be what lets it take these tokens.
  const absl::Status alone = OpenOf(plain, plain.spec());
  if (!alone.ok()) {
    return NotApplicable(absl::StrCat("without options it says ", StatusText(alone)));
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, SnapshotAfter(plain, plain.Stream()));
  for (const v1::OptionDescription& option : subject.algorithm.options()) {
    Subject written = plain;
    const std::string spec =
        absl::StrCat(plain.spec(), ":", option.key(), "=", option.default_value());
    written.open.mutable_parameters()->set_algorithm(spec);
    KVWIRE_RETURN_IF_ERROR(ExpectOk(absl::StrCat("Open of ", spec), OpenOf(written, spec)));
    KVWIRE_ASSIGN_OR_RETURN(const std::string got, SnapshotAfter(written, plain.Stream()));
    KVWIRE_RETURN_IF_ERROR(ExpectSameBytes(absl::StrCat("snapshot of ", spec), expected, got));
  }
  return absl::OkStatus();
}

Finding OtherVersionIsRefused(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  for (const int version : {0, 2}) {
    open.set_protocol_version(version);
    const std::string theirs = absl::StrCat(version);
    KVWIRE_RETURN_IF_ERROR(ExpectError(absl::StrCat("Open with protocol version ", version),
                                       subject.plug_in.Open(open).status(),
                                       {Code::kFailedPrecondition}, {theirs, "1"}));
    KVWIRE_RETURN_IF_ERROR(
        ExpectError(absl::StrCat("Restore with protocol version ", version),
                    subject.plug_in.Restore(RestoreRequests(open, "", 1)).status(),
                    {Code::kFailedPrecondition}, {theirs, "1"}));
  }
  return absl::OkStatus();
}

Finding DimensionsOutOfRangeAreRefused(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  for (const int64_t dims : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    open.mutable_parameters()->set_dims(dims);
    KVWIRE_RETURN_IF_ERROR(ExpectError(absl::StrCat("Open with d = ", dims),
                                       subject.plug_in.Open(open).status(),
                                       {Code::kInvalidArgument}));
  }
  return absl::OkStatus();
}

Finding UnknownAttentionIsRefused(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->set_attention(static_cast<v1::AttentionKind>(99));
  return ExpectError("Open with attention kind 99", subject.plug_in.Open(open).status(),
                     {Code::kInvalidArgument});
}

constexpr Case kCases[] = {
    {"unknown-option-refused", "INVALID_ARGUMENT lists the options that there are",
     UnknownOptionIsRefused},
    {"malformed-algorithm-refused", "text that is not NAME:key=value,.. is INVALID_ARGUMENT",
     MalformedSpecIsRefused},
    {"nonsense-value-refused", "an option's value that means nothing is INVALID_ARGUMENT",
     NonsenseValueIsRefused},
    {"defaults-change-nothing",
     "to write out an option's described default is to leave it out",
     DefaultsChangeNothing,
     {kSameBytes}},
    {"other-version-refused",
     "Open and Restore of another protocol version are FAILED_PRECONDITION naming both",
     OtherVersionIsRefused},
    {"bad-dimension-refused", "d < 1 is INVALID_ARGUMENT", DimensionsOutOfRangeAreRefused},
    {"unknown-attention-refused", "an attention kind of no name is INVALID_ARGUMENT",
     UnknownAttentionIsRefused},
};

}  // namespace

absl::Span<const Case> SetupCases() { return kCases; }

}  // namespace kvwire::conformance
