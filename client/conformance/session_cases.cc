// What a session is.

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

Finding EqualOpensMakeTwoSessions(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto first, Session::Open(subject.plug_in, subject.open));
  KVWIRE_ASSIGN_OR_RETURN(const auto second, Session::Open(subject.plug_in, subject.open));
  if (first->id() == second->id()) {
    return Fault("two Opens of one setup", "two sessions",
                 absl::StrCat("session ", first->id(), " twice"));
  }
  KVWIRE_RETURN_IF_ERROR(first->Append(subject.Stream()).status());
  KVWIRE_ASSIGN_OR_RETURN(const v1::IngestResponse state, second->State());
  return ExpectEqual("token_count of the second session, untouched", 0, state.token_count());
}

Finding SessionsDoNotTouchEachOther(const Subject& subject) {
  const auto stream = subject.Stream(0);
  const auto other = subject.Stream(1);
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, SnapshotAfter(subject, stream));
  KVWIRE_ASSIGN_OR_RETURN(const auto first, Session::Open(subject.plug_in, subject.open));
  KVWIRE_ASSIGN_OR_RETURN(const auto second, Session::Open(subject.plug_in, subject.open));
  for (size_t k = 0; k < stream.size(); ++k) {
    KVWIRE_RETURN_IF_ERROR(first->Append({stream[k]}).status());
    KVWIRE_RETURN_IF_ERROR(second->Append({other[k]}).status());
    KVWIRE_RETURN_IF_ERROR(second->Attend(subject.tokens(1).Queries(2)).status());
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, first->Snapshot());
  return ExpectSameBytes("beside a session of other tokens", expected, got);
}

Finding AClosedSessionIsGone(const Subject& subject) {
  const PlugIn& plug_in = subject.plug_in;
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Close", plug_in.Close(session->id())));
  KVWIRE_RETURN_IF_ERROR(ExpectOk("a second Close", plug_in.Close(session->id())));
  v1::IngestRequest block = subject.tokens().Block(0, 1);
  block.set_session_id(session->id());
  v1::AttendRequest queries = subject.tokens().Queries(1);
  queries.set_session_id(session->id());
  KVWIRE_RETURN_IF_ERROR(
      ExpectError("Ingest after Close", plug_in.Ingest({block}).status(), {Code::kNotFound}));
  KVWIRE_RETURN_IF_ERROR(ExpectError(
      "Snapshot after Close", plug_in.Snapshot(session->id()).status(), {Code::kNotFound}));
  return ExpectError("Attend after Close", plug_in.Attend({queries}).status(),
                     {Code::kNotFound});
}

Finding ASessionOutlivesItsConnection(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected,
                          SnapshotAfter(subject, subject.Stream()));
  absl::StatusOr<int64_t> id;
  {
    const PlugIn gone(subject.plug_in.endpoint());
    KVWIRE_RETURN_IF_ERROR(gone.WaitReachable(kCallTime));
    id = gone.Open(subject.open);
    KVWIRE_RETURN_IF_ERROR(ExpectOk("Open over another connection", id.status()));
  }
  Session session(subject.plug_in, *id, 0);
  KVWIRE_RETURN_IF_ERROR(session.Append(subject.Stream()).status());
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, session.Snapshot());
  return ExpectSameBytes("of a session whose connection is gone", expected, got);
}

// One session from Open to Close.
absl::Status WholeSession(const Subject& subject, const View& expected) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *session));
  return ExpectSameView("one of many at once", expected, got);
}

Finding ManySessionsAtOnce(const Subject& subject) {
  constexpr size_t kSessions = 24;
  KVWIRE_ASSIGN_OR_RETURN(const auto alone, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *alone));
  std::vector<absl::Status> statuses(kSessions);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back(
        [&subject, &expected, &status] { status = WholeSession(subject, expected); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) KVWIRE_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

constexpr Case kCases[] = {
    {"equal-opens-two-sessions", "two Opens of one setup make two sessions",
     EqualOpensMakeTwoSessions},
    {"sessions-independent",
     "what happens to a session does not touch another",
     SessionsDoNotTouchEachOther,
     {kSameBytes}},
    {"closed-session-gone", "after Close each call is NOT_FOUND, and Close is OK again",
     AClosedSessionIsGone},
    {"session-outlives-connection",
     "a session belongs to the process, not the connection",
     ASessionOutlivesItsConnection,
     {kSameBytes}},
    {"many-sessions-at-once",
     "24 sessions at once each come out as one alone",
     ManySessionsAtOnce,
     {kSameBytes}},
};

}  // namespace

absl::Span<const Case> SessionCases() { return kCases; }

}  // namespace kvwire::conformance
