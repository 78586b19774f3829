#include "common/wire/algorithm_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/bulk_message.h"
#include "common/wire/channels.h"
#include "common/wire/rows.h"
#include "common/wire/status_conversion.h"

namespace kvwire {
namespace {

// A wrong answer is the algorithm's fault, not the caller's: INTERNAL.
absl::StatusOr<Matrix> OutputsOf(const std::string& bytes, int64_t count, int64_t dims) {
  absl::StatusOr<Matrix> rows = RowsFromBytes(bytes, count, dims, "the algorithm's answer");
  if (!rows.ok()) return absl::InternalError(rows.status().message());
  return rows;
}

constexpr int kRestoreData = v1::RestoreRequest::kDataFieldNumber;

std::string MethodName(const char* name) {
  return MethodPath(v1::AlgorithmService::service_full_name(), name);
}

absl::Status TakePiece(grpc::ByteBuffer& message,
                       absl::FunctionRef<absl::Status(absl::Cord)> sink) {
  v1::SnapshotResponse fields;
  absl::Cord piece;
  const absl::Status split =
      SplitBulkMessage(message, v1::SnapshotResponse::kDataFieldNumber, fields, piece);
  message.Clear();  // the piece holds what it needs
  if (!split.ok()) return absl::InternalError("the algorithm's snapshot is no such message");
  return sink(std::move(piece));
}

}  // namespace

AlgorithmClient::AlgorithmClient(const Endpoint& endpoint, ChannelSecurity security)
    : AlgorithmClient(endpoint, ControlChannel(endpoint, security)) {
  security_ = std::move(security);
}

AlgorithmClient::AlgorithmClient(const Endpoint& endpoint,
                                 std::shared_ptr<grpc::Channel> channel)
    : endpoint_(endpoint),
      channel_(std::move(channel)),
      stub_(v1::AlgorithmService::NewStub(channel_)),
      closing_(std::make_unique<FreeingCalls>(channel_)) {}

std::string AlgorithmClient::Name() const {
  return absl::StrCat("algorithm at ", endpoint_.ToString());
}

absl::Status AlgorithmClient::Named(const grpc::Status& status,
                                    const Cancellation& cancellation) const {
  return FromPeer(status, Name(), cancellation.cancelled());
}

absl::StatusOr<std::unique_ptr<PendingDescribe>> AlgorithmClient::Describe(
    absl::Duration timeout, Cancellation& cancellation) const {
  KVWIRE_RETURN_IF_ERROR(
      WaitConnected(*channel_, endpoint_, timeout, "the algorithm", &cancellation));
  return std::make_unique<PendingDescribe>(channel_, Name(), cancellation);
}

absl::StatusOr<std::unique_ptr<AlgorithmSession>> AlgorithmClient::Open(
    const v1::OpenRequest& request, Cancellation& cancellation) const {
  closing_->Wait(&cancellation);
  CancellableCall call(cancellation);
  v1::OpenResponse response;
  KVWIRE_RETURN_IF_ERROR(Named(stub_->Open(call.context(), request, &response), cancellation));
  return std::make_unique<AlgorithmSession>(*this, response.session_id(), cancellation);
}

absl::StatusOr<std::unique_ptr<AlgorithmSession>> AlgorithmClient::Restore(
    const v1::OpenRequest& request,
    absl::FunctionRef<absl::StatusOr<bool>(absl::Cord& piece)> next,
    Cancellation& cancellation) const {
  closing_->Wait(&cancellation);
  CancellableCall call(cancellation);
  SendHeadersWithMessage(*call.context());
  grpc::ByteBuffer answer;
  const auto writer =
      StartSend<grpc::ByteBuffer>(*channel_, MethodName("Restore"), call.context(), &answer);
  v1::RestoreRequest fields;
  *fields.mutable_open() = request;
  absl::Cord piece;
  absl::StatusOr<bool> more = next(piece);
  // A failed write means that the server has already answered: Finish says what.
  while (more.ok() && *more && writer->Write(JoinBulkMessage(fields, kRestoreData, piece))) {
    fields.clear_open();
    more = next(piece);
  }
  if (!more.ok()) {
    call.context()->TryCancel();
    writer->Finish().IgnoreError();
    return more.status();
  }
  if (fields.has_open()) writer->Write(JoinMessage(fields));  // an empty snapshot
  writer->WritesDone();
  KVWIRE_RETURN_IF_ERROR(Named(writer->Finish(), cancellation));
  v1::RestoreResponse response;
  KVWIRE_RETURN_IF_ERROR(TakeResponse(answer, Name(), response));
  return std::make_unique<AlgorithmSession>(*this, response.session_id(), cancellation);
}

AlgorithmSession::AlgorithmSession(const AlgorithmClient& client, int64_t session_id,
                                   Cancellation& cancellation)
    : client_(client), session_id_(session_id), cancellation_(cancellation) {}

int64_t AlgorithmSession::Release() && {
  released_ = true;
  return session_id_;
}

AlgorithmSession::~AlgorithmSession() {
  if (released_) return;
  // Outside the cancellation: a cancelled run must free its session too.
  v1::CloseRequest request;
  request.set_session_id(session_id_);
  client_.closing_->Begin(MethodName("Close"), request);
}

absl::StatusOr<v1::IngestResponse> AlgorithmSession::Ingest(
    absl::FunctionRef<absl::Status(BlockWriter)> produce) {
  CancellableCall call(cancellation_);
  SendHeadersWithMessage(*call.context());
  grpc::ByteBuffer answer;
  const auto writer = StartSend<v1::IngestRequest>(*client_.channel_, MethodName("Ingest"),
                                                   call.context(), &answer);
  v1::IngestRequest opening;
  opening.set_session_id(session_id_);
  bool open = writer->Write(opening, WithTheNext());
  const absl::Status produced = produce([&](const v1::IngestRequest& block) {
    open = open && writer->Write(block, WithTheNext());
    // Cut short: the server's status, which Finish returns, says why.
    return open ? absl::OkStatus() : absl::CancelledError("the algorithm took no more tokens");
  });
  if (!produced.ok() && open) {
    call.context()->TryCancel();
    writer->Finish().IgnoreError();
    return produced;
  }
  if (open) writer->WritesDone();
  KVWIRE_RETURN_IF_ERROR(client_.Named(writer->Finish(), cancellation_));
  if (!produced.ok()) return produced;
  v1::IngestResponse response;
  KVWIRE_RETURN_IF_ERROR(TakeResponse(answer, client_.Name(), response));
  return response;
}

absl::Status AlgorithmSession::Snapshot(absl::FunctionRef<absl::Status(absl::Cord)> sink) {
  CancellableCall call(cancellation_);
  v1::SnapshotRequest request;
  request.set_session_id(session_id_);
  const auto reader =
      StartBulkReceive(*client_.channel_, MethodName("Snapshot"), call.context(), request);
  grpc::ByteBuffer message;
  while (reader->Read(&message)) {
    const absl::Status taken = TakePiece(message, sink);
    if (!taken.ok()) {
      call.context()->TryCancel();
      reader->Finish().IgnoreError();
      return taken;
    }
  }
  return client_.Named(reader->Finish(), cancellation_);
}

absl::StatusOr<Matrix> AlgorithmSession::Attend(const Matrix& queries) {
  Matrix outputs(queries.rows(), queries.cols());
  KVWIRE_RETURN_IF_ERROR(AttendInBlocks(
      queries.rows(), queries.cols(),
      [&](int64_t first, int64_t count) -> Matrix { return queries.middleRows(first, count); },
      [&](int64_t first, const Matrix& block) {
        outputs.middleRows(first, block.rows()) = block;
        return absl::OkStatus();
      }));
  return outputs;
}

absl::Status AlgorithmSession::AttendInBlocks(int64_t rows, int64_t dims, MakeQueries make,
                                              TakeOutputs take) {
  if (rows == 0) return absl::OkStatus();
  CancellableCall call(cancellation_);
  SendHeadersWithMessage(*call.context());
  // In buffers: a stub's Read takes what does not parse for the end of the stream.
  const auto stream =
      StartBulkExchange(*client_.channel_, MethodName("Attend"), call.context());
  bool open = true;
  const absl::Status fault = AskInBlocks(*stream, rows, dims, make, take, open);
  if (!fault.ok()) {
    call.context()->TryCancel();
    stream->Finish().IgnoreError();
    return fault;
  }
  KVWIRE_RETURN_IF_ERROR(client_.Named(stream->Finish(), cancellation_));
  if (open) return absl::OkStatus();
  return absl::InternalError(
      "the algorithm ended its answers before all queries were answered");
}

absl::Status AlgorithmSession::AskInBlocks(BulkExchange& stream, int64_t rows, int64_t dims,
                                           MakeQueries make, TakeOutputs take, bool& open) {
  const int64_t step = RowsPerMessage(dims);
  const auto rows_from = [&](int64_t first) { return std::min(step, rows - first); };
  const auto request_of = [&](int64_t first) {
    v1::AttendRequest request;
    request.set_session_id(session_id_);
    request.set_rows(rows_from(first));
    request.set_queries(RowsToBytes(make(first, rows_from(first))));
    return JoinMessage(request);
  };
  grpc::ByteBuffer request = request_of(0);
  grpc::ByteBuffer answer;
  v1::AttendResponse response;
  Matrix outputs;
  int64_t first = 0;
  for (; first < rows; first += step) {
    grpc::WriteOptions options;
    if (first + step >= rows) options.set_last_message();
    open = stream.Write(request, options);
    request.Clear();
    // While the server computes, the outputs before are taken and the next queries are made.
    if (first > 0) KVWIRE_RETURN_IF_ERROR(take(first - step, std::move(outputs)));
    if (open && first + step < rows) request = request_of(first + step);
    open = open && stream.Read(&answer);
    if (!open) return absl::OkStatus();
    KVWIRE_RETURN_IF_ERROR(TakeResponse(answer, client_.Name(), response));
    KVWIRE_ASSIGN_OR_RETURN(outputs, OutputsOf(response.outputs(), rows_from(first), dims));
  }
  KVWIRE_RETURN_IF_ERROR(take(first - step, std::move(outputs)));
  if (!stream.Read(&answer)) return absl::OkStatus();
  return absl::InternalError("the algorithm gave more answers than queries were asked");
}

}  // namespace kvwire
