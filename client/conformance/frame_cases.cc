// Algorithms that keep no keys: they regenerate them from the public frame.

#include <string>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

constexpr const char* kNeedsNone = "it takes tokens of no public frame";

Finding WithoutItsFrameItIsRefused(const Subject& subject) {
  if (!subject.framed()) return NotApplicable(kNeedsNone);
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->clear_frame();
  const absl::StatusOr<int64_t> session = subject.plug_in.Open(open);
  if (session.ok()) {
    subject.plug_in.Close(*session).IgnoreError();
    return NotApplicable("it opens without a frame, and refuses other tokens only");
  }
  return ExpectError("Open without a public frame", session.status(),
                     {Code::kFailedPrecondition});
}

Finding AKeyOfNoFrameIsRefused(const Subject& subject) {
  if (!subject.framed()) return NotApplicable(kNeedsNone);
  const v1::IngestRequest good = subject.tokens().Block(0, 4);
  v1::IngestRequest bad = subject.tokens().Block(4, 4);
  bad.set_keys(good.keys());  // keys 0 to 3 where 4 to 7 are due
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, {good}));
  bad.set_session_id(session->id());
  const absl::Status taken = subject.plug_in.Ingest({bad}).status();
  if (taken.ok()) return NotApplicable("it takes other keys than the frame's");
  KVWIRE_RETURN_IF_ERROR(ExpectError("Ingest of keys that are not the frame's", taken,
                                     {Code::kFailedPrecondition}));
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state, session->State());
  return ExpectEqual("token_count after they were refused", 4, state.token_count());
}

constexpr Case kCases[] = {
    {"missing-frame-refused",
     "an algorithm that needs a public frame is FAILED_PRECONDITION without one",
     WithoutItsFrameItIsRefused},
    {"foreign-key-refused", "a key that is not the frame's is FAILED_PRECONDITION",
     AKeyOfNoFrameIsRefused},
};

}  // namespace

absl::Span<const Case> FrameCases() { return kCases; }

}  // namespace kvwire::conformance
