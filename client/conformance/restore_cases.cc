// What Restore brings back.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;
using Blocks = std::vector<v1::IngestRequest>;

// That a session after `blocks` and its copy in `elsewhere` can be told apart by nothing.
absl::Status ExpectRoundTrip(const Subject& subject, const PlugIn& elsewhere,
                             const Blocks& blocks) {
  KVWIRE_ASSIGN_OR_RETURN(const auto original, OpenAfter(subject, blocks));
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state, original->State());
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, original->Snapshot());
  KVWIRE_ASSIGN_OR_RETURN(const auto copy,
                          Session::Restore(elsewhere, subject.open, snapshot));
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse restored, copy->State());
  const std::string after = absl::StrCat(" after ", state.token_count(), " tokens, restored");
  KVWIRE_RETURN_IF_ERROR(
      ExpectEqual("token_count" + after, state.token_count(), restored.token_count()));
  KVWIRE_RETURN_IF_ERROR(
      ExpectEqual("state_bits" + after, state.state_bits(), copy->restored_bits()));
  if (state.token_count() > 0) {
    KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *original));
    KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *copy));
    return ExpectSameView("the state" + after, expected, got);
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string again, copy->Snapshot());
  KVWIRE_RETURN_IF_ERROR(ExpectSameBytes("the empty state, restored", snapshot, again));
  v1::AttendRequest queries = subject.tokens().Queries(1);
  queries.set_session_id(copy->id());
  return ExpectError("Attend to an empty cache, restored",
                     elsewhere.Attend({queries}).status(), {Code::kFailedPrecondition});
}

Finding TheStateComesBack(const Subject& subject) {
  Blocks blocks;
  for (const v1::IngestRequest& block : subject.Stream()) {
    blocks.push_back(block);
    KVWIRE_RETURN_IF_ERROR(ExpectRoundTrip(subject, subject.plug_in, blocks));
  }
  return absl::OkStatus();
}

Finding TheEmptyStateComesBack(const Subject& subject) {
  return ExpectRoundTrip(subject, subject.plug_in, {});
}

Finding OneTokenComesBack(const Subject& subject) {
  return ExpectRoundTrip(subject, subject.plug_in, {subject.tokens().Block(0, 1)});
}

Finding OneZeroTokenComesBack(const Subject& subject) {
  v1::IngestRequest zero;
  zero.set_rows(1);
  zero.set_closes_scale(true);
  return ExpectRoundTrip(subject, subject.plug_in, {zero});
}

// The round trip under another setup, where the algorithm takes it.
Finding RoundTripUnder(const Subject& subject, const v1::OpenRequest& open) {
  const absl::StatusOr<int64_t> id = subject.plug_in.Open(open);
  if (id.status().code() == Code::kInvalidArgument ||
      id.status().code() == Code::kFailedPrecondition) {
    return NotApplicable(absl::StrCat("refused: ", StatusText(id.status())));
  }
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Open", id.status()));
  subject.plug_in.Close(*id).IgnoreError();
  Subject other = subject;
  other.open = open;
  KVWIRE_RETURN_IF_ERROR(ExpectRoundTrip(other, other.plug_in, other.Stream()));
  return absl::OkStatus();
}

Finding OneDimension(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->set_dims(1);
  return RoundTripUnder(subject, open);
}

Finding TensorAttention(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->set_attention(v1::ATTENTION_KIND_TENSOR);
  return RoundTripUnder(subject, open);
}

Finding ThePublicFrame(const Subject& subject) {
  v1::OpenRequest open = subject.open;
  open.mutable_parameters()->set_frame(v1::KEY_FRAME_KIND_UNIT);
  for (const v1::ValueEncoding encoding :
       {v1::VALUE_ENCODING_BITS, v1::VALUE_ENCODING_SIGNS}) {
    open.mutable_parameters()->set_encoding(encoding);
    const Finding finding = RoundTripUnder(subject, open);
    if (finding.outcome != Outcome::kPass) return finding;
  }
  return absl::OkStatus();
}

Finding PiecesMayHaveAnyLength(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot,
                          SnapshotAfter(subject, {subject.tokens().Block(0, 5)}));
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{7}, size_t{64}, snapshot.size()}) {
    KVWIRE_ASSIGN_OR_RETURN(const auto copy,
                            Session::Restore(subject.plug_in, subject.open, snapshot, piece));
    KVWIRE_ASSIGN_OR_RETURN(const std::string again, copy->Snapshot());
    KVWIRE_RETURN_IF_ERROR(
        ExpectSameBytes(absl::StrCat("restored in pieces of ", piece), snapshot, again));
  }
  // With empty pieces before, between and after.
  std::vector<v1::RestoreRequest> requests(5);
  *requests[0].mutable_open() = subject.open;
  requests[1].set_data(snapshot.substr(0, snapshot.size() / 2));
  requests[3].set_data(snapshot.substr(snapshot.size() / 2));
  const auto response = subject.plug_in.Restore(requests);
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Restore with empty pieces", response.status()));
  const Session copy(subject.plug_in, response->session_id(), -1);
  KVWIRE_ASSIGN_OR_RETURN(const std::string again, copy.Snapshot());
  return ExpectSameBytes("restored with empty pieces", snapshot, again);
}

// Stops after each scale in turn, goes on in `elsewhere`, and compares with never having
// stopped.
absl::Status ExpectContinuation(const Subject& subject, const PlugIn& elsewhere) {
  const Blocks stream = subject.Stream();
  KVWIRE_ASSIGN_OR_RETURN(const auto straight, OpenAfter(subject, stream));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *straight));
  for (size_t stop = 0; stop <= stream.size(); ++stop) {
    const auto middle = stream.begin() + static_cast<std::ptrdiff_t>(stop);
    KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot,
                            SnapshotAfter(subject, {stream.begin(), middle}));
    KVWIRE_ASSIGN_OR_RETURN(const auto copy,
                            Session::Restore(elsewhere, subject.open, snapshot));
    KVWIRE_RETURN_IF_ERROR(copy->Append({middle, stream.end()}).status());
    KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *copy));
    KVWIRE_RETURN_IF_ERROR(
        ExpectSameView(absl::StrCat("stopped after ", stop, " scales"), expected, got));
  }
  return absl::OkStatus();
}

Finding GoingOnEqualsNeverHavingStopped(const Subject& subject) {
  return ExpectContinuation(subject, subject.plug_in);
}

Finding AnotherProcessTakesOver(const Subject& subject) {
  if (subject.second_process == nullptr) {
    return NotApplicable("there is no second process (--restore-endpoint)");
  }
  return ExpectContinuation(subject, *subject.second_process);
}

Finding ACopyIsASessionOfItsOwn(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(auto original, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot, original->Snapshot());
  KVWIRE_ASSIGN_OR_RETURN(const auto first,
                          Session::Restore(subject.plug_in, subject.open, snapshot));
  KVWIRE_ASSIGN_OR_RETURN(const auto second,
                          Session::Restore(subject.plug_in, subject.open, snapshot));
  KVWIRE_RETURN_IF_ERROR(first->Append({subject.tokens().Block(125, 7)}).status());
  KVWIRE_ASSIGN_OR_RETURN(const std::string kept, original->Snapshot());
  KVWIRE_RETURN_IF_ERROR(
      ExpectSameBytes("the original after its copy went on", snapshot, kept));
  original.reset();
  KVWIRE_ASSIGN_OR_RETURN(const std::string other, second->Snapshot());
  return ExpectSameBytes("the second copy, its original closed", snapshot, other);
}

constexpr Case kCases[] = {
    {kRoundTrip, "a restored session has the same count, claim, snapshot and answers",
     TheStateComesBack},
    {"empty-state",
     "an empty cache has a snapshot, and it restores to an empty cache",
     TheEmptyStateComesBack,
     {kRoundTrip}},
    {"one-token", "a cache of one token comes back", OneTokenComesBack, {kRoundTrip}},
    {"one-zero-token",
     "a cache of one token that is zero comes back",
     OneZeroTokenComesBack,
     {kRoundTrip}},
    {"one-dimension", "a cache with d = 1 comes back", OneDimension, {kRoundTrip}},
    {"tensor-attention",
     "a cache in tensor attention comes back",
     TensorAttention,
     {kRoundTrip}},
    {"public-frame",
     "a cache of bits over the keys of a public frame comes back",
     ThePublicFrame,
     {kRoundTrip}},
    {"any-pieces",
     "a snapshot restores from pieces of any length, empty ones too",
     PiecesMayHaveAnyLength,
     {kRoundTrip}},
    {"restore-then-continue",
     "restoring and going on equals never having stopped, to the bit",
     GoingOnEqualsNeverHavingStopped,
     {kSameBytes, kRoundTrip}},
    {"another-process-takes-over",
     "in a process that has seen the snapshot only it goes on as well",
     AnotherProcessTakesOver,
     {kSameBytes, kRoundTrip}},
    {"copies-independent",
     "a restored session and its original do not touch each other",
     ACopyIsASessionOfItsOwn,
     {kRoundTrip}},
};

}  // namespace

absl::Span<const Case> RestoreCases() { return kCases; }

}  // namespace kvwire::conformance
