#ifndef KVWIRE_SERVER_CALLS_REQUEST_PARSING_H_
#define KVWIRE_SERVER_CALLS_REQUEST_PARSING_H_

// From the bytes of a request to its message. A message can be many times larger than its
// bytes: of each field that nobody knows Protocol Buffers keep 16 bytes or more where two
// came. So gRPC hands bytes to the services, and all of them are parsed here, once it is
// known that there is memory for what comes of them.

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "absl/status/status.h"
#include "common/base/memory_account.h"

namespace kvwire {

// Requests of up to so many bytes are parsed without being booked: most are much shorter.
inline constexpr size_t kFreeRequestBytes = size_t{16} << 10;

// Sets `request`, an empty message, to what `bytes` are, less the fields that nobody knows.
// Books with `account`, which must outlive the message, the most that parsing may take before
// it takes it, and keeps booked what the message takes in the end. Returns
// - INVALID_ARGUMENT: the bytes are no such message;
// - RESOURCE_EXHAUSTED: the budget has not so much left; says what to do.
absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request,
                          MemoryAccount& account);

// The bytes of a call's only request, which gRPC would else keep until the call is over. It
// made them for this call and does not look at them again.
inline grpc::ByteBuffer TakeBytes(const grpc::ByteBuffer* request) {
  grpc::ByteBuffer bytes;
  bytes.Swap(const_cast<grpc::ByteBuffer*>(request));
  return bytes;
}

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_REQUEST_PARSING_H_
