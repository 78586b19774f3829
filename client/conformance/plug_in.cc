#include "client/conformance/plug_in.h"

#include <grpcpp/generic/generic_stub.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/channels.h"
#include "common/wire/status_conversion.h"

namespace kvwire::conformance {
namespace {

constexpr size_t kMostPieceBytes = size_t{1} << 20;
constexpr std::string_view kServer = "the algorithm server";

std::string Path(const char* method) {
  return MethodPath(v1::AlgorithmService::service_full_name(), method);
}

// All requests, and the response to them.
template <typename Request>
absl::Status SendAll(grpc::ClientWriter<Request>& writer, const std::vector<Request>& requests,
                     const grpc::ByteBuffer& buffer, google::protobuf::MessageLite& response) {
  for (const Request& request : requests) {
    if (!writer.Write(request)) break;  // Finish says why
  }
  writer.WritesDone();
  KVWIRE_RETURN_IF_ERROR(FromGrpc(writer.Finish()));
  return TakeResponse(buffer, kServer, response);
}

}  // namespace

void SetCallTime(grpc::ClientContext& context, absl::Duration time) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + time));
}

PlugIn::PlugIn(const Endpoint& endpoint, const ChannelSecurity& security)
    : endpoint_(endpoint),
      channel_(UnsharedChannel(endpoint, security)),
      stub_(v1::AlgorithmService::NewStub(channel_)) {}

absl::Status PlugIn::WaitReachable(absl::Duration timeout) const {
  return WaitConnected(*channel_, endpoint_, timeout, "the algorithm server");
}

std::unique_ptr<grpc::ClientWriter<v1::IngestRequest>> PlugIn::StartIngest(
    grpc::ClientContext& context, grpc::ByteBuffer& response) const {
  return StartSend<v1::IngestRequest>(*channel_, Path("Ingest"), &context, &response);
}

std::unique_ptr<grpc::ClientWriter<v1::RestoreRequest>> PlugIn::StartRestore(
    grpc::ClientContext& context, grpc::ByteBuffer& response) const {
  return StartSend<v1::RestoreRequest>(*channel_, Path("Restore"), &context, &response);
}

absl::StatusOr<v1::DescribeResponse> PlugIn::Describe() const {
  grpc::ClientContext context;
  SetCallTime(context);
  v1::DescribeResponse response;
  KVWIRE_RETURN_IF_ERROR(FromGrpc(stub_->Describe(&context, {}, &response)));
  return response;
}

absl::StatusOr<int64_t> PlugIn::Open(const v1::OpenRequest& request) const {
  grpc::ClientContext context;
  SetCallTime(context);
  v1::OpenResponse response;
  KVWIRE_RETURN_IF_ERROR(FromGrpc(stub_->Open(&context, request, &response)));
  return response.session_id();
}

absl::StatusOr<v1::IngestResponse> PlugIn::Ingest(
    const std::vector<v1::IngestRequest>& requests) const {
  grpc::ClientContext context;
  SetCallTime(context);
  grpc::ByteBuffer buffer;
  v1::IngestResponse response;
  KVWIRE_RETURN_IF_ERROR(SendAll(*StartIngest(context, buffer), requests, buffer, response));
  return response;
}

absl::StatusOr<std::string> PlugIn::Snapshot(int64_t session) const {
  grpc::ClientContext context;
  SetCallTime(context);
  v1::SnapshotRequest request;
  request.set_session_id(session);
  const auto reader = StartBulkReceive(*channel_, Path("Snapshot"), &context, request);
  grpc::ByteBuffer buffer;
  std::string bytes;
  size_t longest = 0;
  absl::Status parsed;
  while (reader->Read(&buffer)) {
    v1::SnapshotResponse piece;
    parsed.Update(TakeResponse(buffer, kServer, piece));
    longest = std::max(longest, piece.data().size());
    bytes += piece.data();
  }
  KVWIRE_RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  KVWIRE_RETURN_IF_ERROR(parsed);
  if (longest <= kMostPieceBytes) return bytes;
  return absl::InternalError(
      absl::StrCat("a piece of the snapshot has ", longest, " bytes, over 1 MiB"));
}

absl::StatusOr<v1::RestoreResponse> PlugIn::Restore(
    const std::vector<v1::RestoreRequest>& requests) const {
  grpc::ClientContext context;
  SetCallTime(context);
  grpc::ByteBuffer buffer;
  v1::RestoreResponse response;
  KVWIRE_RETURN_IF_ERROR(SendAll(*StartRestore(context, buffer), requests, buffer, response));
  return response;
}

absl::StatusOr<std::vector<std::string>> PlugIn::Attend(
    const std::vector<v1::AttendRequest>& requests) const {
  grpc::ClientContext context;
  SetCallTime(context);
  const auto stream = StartBulkExchange(*channel_, Path("Attend"), &context);
  std::vector<std::string> outputs;
  grpc::ByteBuffer buffer;
  absl::Status parsed;
  for (const v1::AttendRequest& request : requests) {
    if (!stream->Write(JoinMessage(request)) || !stream->Read(&buffer)) break;
    v1::AttendResponse response;
    parsed.Update(TakeResponse(buffer, kServer, response));
    outputs.push_back(response.outputs());
  }
  stream->WritesDone();
  size_t answers = outputs.size();
  while (stream->Read(&buffer)) ++answers;
  KVWIRE_RETURN_IF_ERROR(FromGrpc(stream->Finish()));
  KVWIRE_RETURN_IF_ERROR(parsed);
  if (answers == requests.size()) return outputs;
  return absl::InternalError(
      absl::StrCat(answers, " answers to ", requests.size(), " requests"));
}

absl::Status PlugIn::Close(int64_t session) const {
  grpc::ClientContext context;
  SetCallTime(context);
  v1::CloseRequest request;
  request.set_session_id(session);
  v1::CloseResponse response;
  return FromGrpc(stub_->Close(&context, request, &response));
}

absl::Status PlugIn::CallUnknownMethod() const {
  grpc::ClientContext context;
  SetCallTime(context);
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/kvwire.v1.AlgorithmService/Nonesuch",
                                          grpc::ByteBuffer(), &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  call->StartCall();
  call->Finish(&response, &status, &status);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);  // bounded by the deadline
  return FromGrpc(status);
}

}  // namespace kvwire::conformance
