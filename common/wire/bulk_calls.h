#ifndef KVWIRE_COMMON_WIRE_BULK_CALLS_H_
#define KVWIRE_COMMON_WIRE_BULK_CALLS_H_

// Calls whose streamed messages are buffers (bulk_message.h) instead of generated classes:
// what a generated stub does, with another message type.

#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace kvwire {

// What the calls below take: "/package.Service/Name". `service` is a generated service's
// service_full_name().
inline std::string MethodPath(const char* service, const char* name) {
  return absl::StrCat("/", service, "/", name);
}

// Client streaming.
template <typename Response>
std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> StartBulkSend(
    grpc::Channel& channel, const std::string& method, grpc::ClientContext* context,
    Response* response) {
  const grpc::internal::RpcMethod call(method.c_str(),
                                       grpc::internal::RpcMethod::CLIENT_STREAMING);
  return std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>>(
      grpc::internal::ClientWriterFactory<grpc::ByteBuffer>::Create(&channel, call, context,
                                                                    response));
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
