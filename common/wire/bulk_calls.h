#ifndef KVWIRE_COMMON_WIRE_BULK_CALLS_H_
#define KVWIRE_COMMON_WIRE_BULK_CALLS_H_

// Calls whose streamed messages are buffers (bulk_message.h) instead of generated classes:
// what a generated stub does, with another message type.

#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/wire/bulk_message.h"

namespace kvwire {

// What the calls below take: "/package.Service/Name". `service` is a generated service's
// service_full_name().
inline std::string MethodPath(const char* service, const char* name) {
  return absl::StrCat("/", service, "/", name);
}

// Before a stream that has at least one message: its headers wait for that. Without any they
// would never go.
inline void SendHeadersWithMessage(grpc::ClientContext& context) {
  context.set_initial_metadata_corked(true);
}

// For a message that need not go before the next one, or the end: what is small then travels
// in one segment. gRPC holds back some 64 KiB at most.
inline grpc::WriteOptions WithTheNext() { return grpc::WriteOptions().set_buffer_hint(); }

// Client streaming. The response comes as a buffer, whatever the requests are: ClientWriter of
// gRPC 1.51 ends the process where one of a generated class does not parse. Take it with
// TakeResponse once Finish has returned OK.
template <typename Request>
std::unique_ptr<grpc::ClientWriter<Request>> StartSend(grpc::Channel& channel,
                                                       const std::string& method,
                                                       grpc::ClientContext* context,
                                                       grpc::ByteBuffer* response) {
  const grpc::internal::RpcMethod call(method.c_str(),
                                       grpc::internal::RpcMethod::CLIENT_STREAMING);
  return std::unique_ptr<grpc::ClientWriter<Request>>(
      grpc::internal::ClientWriterFactory<Request>::Create(&channel, call, context, response));
}

// Returns INTERNAL, naming `peer`, if it has sent no response, or one that does not parse.
inline absl::Status TakeResponse(const grpc::ByteBuffer& buffer, std::string_view peer,
                                 google::protobuf::MessageLite& response) {
  if (buffer.Valid() && SplitMessage(buffer, response).ok()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(std::string(peer), " has given an answer that cannot be read"));
}

// Bidirectional streaming.
using BulkExchange = grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
inline std::unique_ptr<BulkExchange> StartBulkExchange(grpc::Channel& channel,
                                                       const std::string& method,
                                                       grpc::ClientContext* context) {
  const grpc::internal::RpcMethod call(method.c_str(),
                                       grpc::internal::RpcMethod::BIDI_STREAMING);
  return std::unique_ptr<BulkExchange>(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
          &channel, call, context));
}

// Server streaming.
template <typename Request>
std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> StartBulkReceive(
    grpc::Channel& channel, const std::string& method, grpc::ClientContext* context,
    const Request& request) {
  const grpc::internal::RpcMethod call(method.c_str(),
                                       grpc::internal::RpcMethod::SERVER_STREAMING);
  return std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>>(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(&channel, call, context,
                                                                    request));
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_BULK_CALLS_H_
