#ifndef KVWIRE_COMMON_WIRE_BULK_MESSAGE_H_
#define KVWIRE_COMMON_WIRE_BULK_MESSAGE_H_

// Messages of a few small fields and one large field of bytes, whose bytes are not copied:
// they are sent from where they lie, and stay where they were received. On the wire they
// are ordinary Protocol Buffers messages, which any generated code writes and reads.

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace kvwire {

// The message `fields` with its field number `data_field` (1 to 15, of type bytes, absent
// from `fields`) set to `data`; that field comes last. The buffer keeps the bytes of `data`
// alive for as long as the transport needs them, which may be longer than the call.
grpc::ByteBuffer JoinBulkMessage(const google::protobuf::MessageLite& fields, int data_field,
                                 const absl::Cord& data);

// What all but the large field may take where one is split off.
inline constexpr size_t kMaxSmallFieldBytes = size_t{64} << 10;

// The reverse, whatever the order of the fields. `data` shares the memory of the buffer.
// Returns INVALID_ARGUMENT if the bytes are no such message, or the small fields take more
// than kMaxSmallFieldBytes: then `fields` and `data` mean nothing. Takes time and memory for
// the small fields only.
absl::Status SplitBulkMessage(const grpc::ByteBuffer& message, int data_field,
                              google::protobuf::MessageLite& fields, absl::Cord& data);

// The same for a message without a large field.
grpc::ByteBuffer JoinMessage(const google::protobuf::MessageLite& message);
absl::Status SplitMessage(const grpc::ByteBuffer& buffer,
                          google::protobuf::MessageLite& message);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_BULK_MESSAGE_H_
