// What calls that are given up leave behind.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"
#include "common/wire/status_conversion.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

// The token count, once it stays the same: the server learns of the end of a call that
// was given up a moment after its client.
absl::StatusOr<int64_t> SettledCount(const PlugIn& plug_in, int64_t session) {
  v1::IngestRequest ask;
  ask.set_session_id(session);
  int64_t count = -1;
  for (int same = 0; same < 3;) {
    const auto state = plug_in.Ingest({ask});
    KVWIRE_RETURN_IF_ERROR(ExpectOk("Ingest after one that was given up", state.status()));
    same = state->token_count() == count ? same + 1 : 0;
    count = state->token_count();
    absl::SleepFor(absl::Milliseconds(30));
  }
  return count;
}

// That a session which was to take the first two scales of the stream holds whole blocks,
// and that with the rest it comes out as one that nobody interrupted.
absl::Status ExpectWholeBlocks(const Subject& subject, const Session& session) {
  const auto stream = subject.Stream();
  KVWIRE_ASSIGN_OR_RETURN(const int64_t count, SettledCount(subject.plug_in, session.id()));
  const int64_t after_one = kScales[0];
  const int64_t after_two = after_one + kScales[1];
  if (count != 0 && count != after_one && count != after_two) {
    return Fault("token_count after an Ingest of 1 + 4 tokens was given up", "0, 1 or 5",
                 absl::StrCat(count));
  }
  const auto done = stream.begin() + (count == 0 ? 0 : count == after_one ? 1 : 2);
  Session resumed(subject.plug_in, session.id(), count);
  KVWIRE_RETURN_IF_ERROR(resumed.Append({done, stream.end()}).status());
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, SnapshotAfter(subject, stream));
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, resumed.Snapshot());
  return ExpectSameBytes("going on after an Ingest that was given up", expected, got);
}

// An Ingest that has sent the first two scales and is still open.
struct OpenIngest {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  std::unique_ptr<grpc::ClientWriter<v1::IngestRequest>> writer;

  OpenIngest(const Subject& subject, int64_t session, absl::Duration time) {
    SetCallTime(context, time);
    writer = subject.plug_in.StartIngest(context, response);
    const auto stream = subject.Stream();
    for (int scale = 0; scale < 2; ++scale) {
      v1::IngestRequest block = stream[scale];
      block.set_session_id(session);
      writer->Write(block);  // Finish says what is wrong
    }
  }
};

Finding ACancelledIngestLeavesWholeBlocks(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  {
    OpenIngest ingest(subject, session->id(), kCallTime);
    ingest.context.TryCancel();
    KVWIRE_RETURN_IF_ERROR(ExpectError("an Ingest that is cancelled",
                                       FromGrpc(ingest.writer->Finish()), {Code::kCancelled}));
  }
  return ExpectWholeBlocks(subject, *session);
}

Finding ADeadlineLeavesWholeBlocks(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  {
    OpenIngest ingest(subject, session->id(), absl::Milliseconds(300));
    KVWIRE_RETURN_IF_ERROR(ExpectError("an Ingest that never ends, with a deadline",
                                       FromGrpc(ingest.writer->Finish()),
                                       {Code::kDeadlineExceeded}));
  }
  return ExpectWholeBlocks(subject, *session);
}

Finding CancelledReadsLeaveNoTrace(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, session->Snapshot());
  {
    grpc::ClientContext context;
    SetCallTime(context);
    v1::SnapshotRequest request;
    request.set_session_id(session->id());
    const auto reader = subject.plug_in.stub().Snapshot(&context, request);
    context.TryCancel();
    reader->Finish().IgnoreError();
  }
  {
    grpc::ClientContext context;
    SetCallTime(context);
    const auto stream = subject.plug_in.stub().Attend(&context);
    v1::AttendRequest queries = subject.tokens().Queries(5);
    queries.set_session_id(session->id());
    stream->Write(queries);
    context.TryCancel();
    stream->Finish().IgnoreError();
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, session->Snapshot());
  return ExpectSameBytes("after reads that were cancelled", expected, got);
}

Finding ACancelledRestoreLeavesTheServerServing(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string snapshot,
                          SnapshotAfter(subject, subject.Stream()));
  for (int k = 0; k < 8; ++k) {
    grpc::ClientContext context;
    SetCallTime(context);
    grpc::ByteBuffer response;
    const auto writer = subject.plug_in.StartRestore(context, response);
    for (v1::RestoreRequest& request :
         RestoreRequests(subject.open, snapshot.substr(0, snapshot.size() / 2), 256)) {
      if (!writer->Write(request)) break;
    }
    context.TryCancel();
    KVWIRE_RETURN_IF_ERROR(ExpectError("a Restore that is cancelled half-way",
                                       FromGrpc(writer->Finish()), {Code::kCancelled}));
  }
  KVWIRE_ASSIGN_OR_RETURN(const auto copy,
                          Session::Restore(subject.plug_in, subject.open, snapshot));
  KVWIRE_ASSIGN_OR_RETURN(const std::string again, copy->Snapshot());
  return ExpectSameBytes("restored after cancelled Restores", snapshot, again);
}

Finding AnIdleStreamStopsNobody(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected,
                          SnapshotAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  OpenIngest ingest(subject, session->id(), kCallTime);
  // Another session, and then the stream's own.
  KVWIRE_ASSIGN_OR_RETURN(std::string got, SnapshotAfter(subject, subject.Stream()));
  KVWIRE_RETURN_IF_ERROR(ExpectSameBytes("beside an idle stream", expected, got));
  KVWIRE_RETURN_IF_ERROR(session->Snapshot().status());
  ingest.writer->WritesDone();
  KVWIRE_RETURN_IF_ERROR(ExpectOk("the idle stream", FromGrpc(ingest.writer->Finish())));
  return ExpectWholeBlocks(subject, *session);
}

constexpr Case kCases[] = {
    {"cancelled-ingest-whole-blocks",
     "a cancelled Ingest leaves whole blocks",
     ACancelledIngestLeavesWholeBlocks,
     {kSameBytes}},
    {"deadline-whole-blocks",
     "an Ingest whose deadline passes leaves whole blocks",
     ADeadlineLeavesWholeBlocks,
     {kSameBytes}},
    {"cancelled-reads-no-trace", "cancelled Snapshots and Attends change nothing",
     CancelledReadsLeaveNoTrace},
    {"cancelled-restore-serves-on",
     "after cancelled Restores the server serves on",
     ACancelledRestoreLeavesTheServerServing,
     {kRoundTrip}},
    {"idle-stream-stops-nobody",
     "an Ingest on which nothing happens stops no other call",
     AnIdleStreamStopsNobody,
     {kSameBytes}},
};

}  // namespace

absl::Span<const Case> InterruptionCases() { return kCases; }

}  // namespace kvwire::conformance
