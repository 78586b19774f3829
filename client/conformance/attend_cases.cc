// What Attend answers, and what it leaves alone.

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"
#include "common/wire/rows.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;

absl::Status Attempt(const Subject& subject, const Session& session,
                     v1::AttendRequest queries) {
  queries.set_session_id(session.id());
  return subject.plug_in.Attend({queries}).status();
}

Finding AnEmptyCacheHasNoAnswer(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  KVWIRE_RETURN_IF_ERROR(ExpectError("Attend before any token",
                                     Attempt(subject, *session, subject.tokens().Queries(1)),
                                     {Code::kFailedPrecondition}));
  KVWIRE_RETURN_IF_ERROR(session->Append({subject.tokens().Block(0, 1)}).status());
  return session->Attend(subject.tokens().Queries(1)).status();
}

Finding BadQueriesAreRefused(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  const v1::AttendRequest good = subject.tokens().Queries(2);
  const auto refused = [&](std::string_view what, const v1::AttendRequest& bad) {
    return ExpectError(absl::StrCat("Attend to ", std::string(what)),
                       Attempt(subject, *session, bad), {Code::kInvalidArgument});
  };
  v1::AttendRequest bad = good;
  bad.mutable_queries()->pop_back();
  KVWIRE_RETURN_IF_ERROR(refused("queries a byte too short", bad));
  for (const int64_t rows : {int64_t{3}, int64_t{1}, int64_t{-1}, int64_t{1} << 62}) {
    bad = good;
    bad.set_rows(rows);
    KVWIRE_RETURN_IF_ERROR(refused(absl::StrCat("2 rows said to be ", rows), bad));
  }
  bad.clear_queries();
  for (const int64_t rows : {0, 2}) {
    bad.set_rows(rows);
    KVWIRE_RETURN_IF_ERROR(refused(absl::StrCat(rows, " rows without bytes"), bad));
  }
  for (const float number :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    bad = good;
    std::memcpy(bad.mutable_queries()->data(), &number, sizeof(float));
    KVWIRE_RETURN_IF_ERROR(refused("a number that is not finite", bad));
  }
  return session->Attend(good).status();
}

// A session of the stream and of an open scale after it.
absl::StatusOr<std::unique_ptr<Session>> OpenAfterOpenScale(const Subject& subject) {
  std::vector<v1::IngestRequest> blocks = subject.Stream();
  blocks.push_back(subject.tokens().Block(125, 9, /*closes_scale=*/false));
  return OpenAfter(subject, std::move(blocks));
}

Finding AttendMayBeRepeated(const Subject& subject) {
  const v1::AttendRequest queries = subject.tokens().Queries(5);
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfterOpenScale(subject));
  KVWIRE_ASSIGN_OR_RETURN(const std::string before, session->Snapshot());
  KVWIRE_ASSIGN_OR_RETURN(const std::string answer, session->Attend(queries));
  KVWIRE_ASSIGN_OR_RETURN(const std::string again, session->Attend(queries));
  KVWIRE_RETURN_IF_ERROR(ExpectSameBytes("the same Attend again", answer, again));
  KVWIRE_ASSIGN_OR_RETURN(const std::string after, session->Snapshot());
  return ExpectSameBytes("snapshot after Attend", before, after);
}

Finding ReadsLeaveNoTrace(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto unread, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *unread));
  KVWIRE_ASSIGN_OR_RETURN(const auto read, Session::Open(subject.plug_in, subject.open));
  for (const v1::IngestRequest& block : subject.Stream()) {
    KVWIRE_RETURN_IF_ERROR(read->Append({block}).status());
    KVWIRE_RETURN_IF_ERROR(read->Attend(subject.tokens().Queries(3)).status());
    KVWIRE_RETURN_IF_ERROR(read->Snapshot().status());
  }
  KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *read));
  return ExpectSameView("with reads after each block", expected, got);
}

// Whether two outputs are the same but for rounding.
absl::Status ExpectCloseOutputs(std::string_view what, const std::string& expected,
                                const std::string& got) {
  constexpr float kRounding = 1e-3F;
  const int64_t count = static_cast<int64_t>(expected.size() / sizeof(float));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix one, RowsFromBytes(expected, 1, count, "an answer"));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix two, RowsFromBytes(got, 1, count, "an answer"));
  const float most = one.cwiseAbs().maxCoeff();
  const float apart = (one - two).cwiseAbs().maxCoeff();
  if (apart <= kRounding * most) return absl::OkStatus();
  return Fault(what, absl::StrCat("outputs within ", kRounding * most),
               absl::StrCat("outputs ", apart, " apart"));
}

Finding OneAnswerARequest(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, subject.Stream()));
  const v1::AttendRequest whole = subject.tokens().Queries(5);
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected, session->Attend(whole));
  const size_t row_bytes = expected.size() / 5;
  std::vector<v1::AttendRequest> requests;
  for (const auto& [first, rows] : {std::pair{0, 1}, {1, 2}, {3, 2}}) {
    v1::AttendRequest request;
    // Only the first request names the session.
    if (first == 0) request.set_session_id(session->id());
    request.set_rows(rows);
    request.set_queries(whole.queries().substr(first * row_bytes, rows * row_bytes));
    requests.push_back(request);
  }
  const auto answers = subject.plug_in.Attend(requests);
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Attend in three requests", answers.status()));
  std::string got;
  for (size_t k = 0; k < requests.size(); ++k) {
    KVWIRE_RETURN_IF_ERROR(ExpectEqual(absl::StrCat("bytes of answer ", k),
                                       static_cast<int64_t>(requests[k].queries().size()),
                                       static_cast<int64_t>((*answers)[k].size())));
    got += (*answers)[k];
  }
  return ExpectCloseOutputs("five queries in three requests", expected, got);
}

// The block with the values of one row turned into others that the format can hold.
v1::IngestRequest WithOtherValue(const Subject& subject, v1::IngestRequest block,
                                 int64_t row) {
  const bool signs = subject.open.parameters().encoding() == v1::VALUE_ENCODING_SIGNS;
  const size_t width = static_cast<size_t>(subject.tokens().width());
  std::vector<float> values(width);
  char* at = block.mutable_values()->data() + row * width * sizeof(float);
  std::memcpy(values.data(), at, width * sizeof(float));
  for (float& value : values) {
    value = !subject.framed() ? -8 * value : signs ? -value : 1 - value;
  }
  std::memcpy(at, values.data(), width * sizeof(float));
  return block;
}

// The answer to the query for token `token` of an open scale, after a closed one of
// `first` tokens; `changed`: the value of that token is another.
absl::StatusOr<std::string> AnswerInOpenScale(const Subject& subject, int64_t first,
                                              int64_t rows, int64_t token, bool changed) {
  v1::IngestRequest scale = subject.tokens().Block(first, rows, /*closes_scale=*/false);
  if (changed) scale = WithOtherValue(subject, std::move(scale), token);
  std::vector<v1::IngestRequest> blocks = {std::move(scale)};
  if (first > 0) blocks.insert(blocks.begin(), subject.tokens().Block(0, first));
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, std::move(blocks)));
  return session->Attend(subject.tokens().QueryOf(first + token));
}

Finding TheOpenScaleIsVisibleInFull(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(std::string plain, AnswerInOpenScale(subject, 0, 1, 0, false));
  KVWIRE_ASSIGN_OR_RETURN(std::string other, AnswerInOpenScale(subject, 0, 1, 0, true));
  if (plain == other) return NotApplicable("its answers do not depend on the values");
  constexpr int64_t kBefore = 64;
  constexpr int64_t kRows = 512;
  for (const int64_t token : {int64_t{0}, kRows / 2, kRows - 1}) {
    KVWIRE_ASSIGN_OR_RETURN(plain, AnswerInOpenScale(subject, kBefore, kRows, token, false));
    KVWIRE_ASSIGN_OR_RETURN(other, AnswerInOpenScale(subject, kBefore, kRows, token, true));
    if (plain != other) continue;
    return Fault(absl::StrCat("token ", token, " of an open scale of ", kRows),
                 "an answer that depends on its value", "the same answer whatever it is");
  }
  return absl::OkStatus();
}

constexpr Case kCases[] = {
    {"empty-cache-not-attended", "Attend before any token is FAILED_PRECONDITION",
     AnEmptyCacheHasNoAnswer},
    {"bad-queries-refused",
     "queries of another length, none, or not finite are "
     "INVALID_ARGUMENT",
     BadQueriesAreRefused},
    {"attend-repeatable", "Attend twice gives one answer and changes no snapshot",
     AttendMayBeRepeated},
    {"reads-leave-no-trace",
     "Attend and Snapshot between blocks do not show in the end",
     ReadsLeaveNoTrace,
     {kSameBytes}},
    {"one-answer-a-request", "each request has its answer, in order, the same as in one batch",
     OneAnswerARequest},
    {"open-scale-visible",
     "the open scale is visible in full, whatever the budget",
     TheOpenScaleIsVisibleInFull,
     {kSameBytes}},
};

}  // namespace

absl::Span<const Case> AttendCases() { return kCases; }

}  // namespace kvwire::conformance
