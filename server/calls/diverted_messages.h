#ifndef KVWIRE_SERVER_CALLS_DIVERTED_MESSAGES_H_
#define KVWIRE_SERVER_CALLS_DIVERTED_MESSAGES_H_

// The rest of a stream whose reader is slow: messages wait in a temporary file without a
// name, in order, instead of a thread waiting with them.

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace kvwire {

// Thread-compatible.
class DivertedMessages {
 public:
  DivertedMessages() = default;
  ~DivertedMessages();
  DivertedMessages(const DivertedMessages&) = delete;
  DivertedMessages& operator=(const DivertedMessages&) = delete;

  // Returns RESOURCE_EXHAUSTED if there is no room for temporary files.
  absl::Status Add(const grpc::ByteBuffer& message);

  // Takes the oldest one that has not been taken; false if there is none. Returns DATA_LOSS
  // if it cannot be read back.
  absl::StatusOr<bool> Take(grpc::ByteBuffer& message);

 private:
  int descriptor_ = -1;
  int64_t end_ = 0;
  int64_t next_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_DIVERTED_MESSAGES_H_
