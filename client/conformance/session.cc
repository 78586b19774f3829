#include "client/conformance/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/conformance/expectations.h"
#include "common/base/status_macros.h"
#include "common/wire/rows.h"

namespace kvwire::conformance {

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const PlugIn& plug_in,
                                                       const v1::OpenRequest& open) {
  const absl::StatusOr<int64_t> id = plug_in.Open(open);
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Open", id.status()));
  if (*id == 0) return Fault("Open", "a session id that is not 0", "0");
  return std::make_unique<Session>(plug_in, *id, 0);
}

absl::StatusOr<std::unique_ptr<Session>> Session::Restore(const PlugIn& plug_in,
                                                          const v1::OpenRequest& open,
                                                          std::string_view snapshot,
                                                          size_t piece_bytes) {
  const auto response = plug_in.Restore(RestoreRequests(open, snapshot, piece_bytes));
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Restore", response.status()));
  auto session = std::make_unique<Session>(plug_in, response->session_id(), -1);
  session->restored_bits_ = response->state_bits();
  return session;
}

absl::StatusOr<v1::IngestResponse> Session::Append(std::vector<v1::IngestRequest> blocks) {
  if (blocks.empty()) blocks.emplace_back();  // a stream without a request names no session
  int64_t rows = 0;
  for (v1::IngestRequest& block : blocks) {
    block.set_session_id(id_);
    rows += block.rows();
  }
  const auto response = plug_in_.Ingest(blocks);
  KVWIRE_RETURN_IF_ERROR(
      ExpectOk(absl::StrCat("Ingest of ", rows, " tokens"), response.status()));
  if (token_count_ >= 0) {
    KVWIRE_RETURN_IF_ERROR(
        ExpectEqual("token_count", token_count_ + rows, response->token_count()));
  }
  token_count_ = response->token_count();
  return *response;
}

absl::StatusOr<v1::IngestResponse> Session::State() { return Append({v1::IngestRequest()}); }

absl::StatusOr<std::string> Session::Snapshot() const {
  absl::StatusOr<std::string> bytes = plug_in_.Snapshot(id_);
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Snapshot", bytes.status()));
  return bytes;
}

absl::StatusOr<std::string> Session::Attend(v1::AttendRequest queries) const {
  queries.set_session_id(id_);
  const auto answers = plug_in_.Attend({queries});
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Attend", answers.status()));
  const std::string& outputs = answers->front();
  const int64_t dims =
      static_cast<int64_t>(queries.queries().size() / sizeof(float)) / queries.rows();
  const auto rows = RowsFromBytes(outputs, queries.rows(), dims, "the answer");
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Attend", rows.status()));
  return outputs;
}

v1::IngestRequest ClosingBlock() {
  v1::IngestRequest block;
  block.set_closes_scale(true);
  return block;
}

std::vector<v1::RestoreRequest> RestoreRequests(const v1::OpenRequest& open,
                                                std::string_view snapshot,
                                                size_t piece_bytes) {
  std::vector<v1::RestoreRequest> requests(1);
  *requests.front().mutable_open() = open;
  while (!snapshot.empty()) {
    requests.back().set_data(std::string(snapshot.substr(0, piece_bytes)));
    snapshot.remove_prefix(requests.back().data().size());
    if (!snapshot.empty()) requests.emplace_back();
  }
  return requests;
}

absl::StatusOr<std::unique_ptr<Session>> OpenAfter(const Subject& subject,
                                                   std::vector<v1::IngestRequest> blocks) {
  KVWIRE_ASSIGN_OR_RETURN(auto session, Session::Open(subject.plug_in, subject.open));
  KVWIRE_RETURN_IF_ERROR(session->Append(std::move(blocks)).status());
  return session;
}

absl::StatusOr<std::string> SnapshotAfter(const Subject& subject,
                                          std::vector<v1::IngestRequest> blocks) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, OpenAfter(subject, std::move(blocks)));
  return session->Snapshot();
}

absl::StatusOr<View> ViewOf(const Subject& subject, Session& session) {
  View view;
  KVWIRE_ASSIGN_OR_RETURN(view.snapshot, session.Snapshot());
  KVWIRE_RETURN_IF_ERROR(session.Append({ClosingBlock()}).status());
  KVWIRE_ASSIGN_OR_RETURN(view.answers, session.Attend(subject.tokens().Queries(5)));
  return view;
}

absl::Status ExpectSameView(std::string_view what, const View& expected, const View& got) {
  const std::string name(what);
  KVWIRE_RETURN_IF_ERROR(
      ExpectSameBytes(absl::StrCat(name, ", snapshot"), expected.snapshot, got.snapshot));
  return ExpectSameBytes(absl::StrCat(name, ", answers"), expected.answers, got.answers);
}

}  // namespace kvwire::conformance
