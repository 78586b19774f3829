#ifndef KVWIRE_COMMON_WATERFALL_GRPC_MESSAGES_H_
#define KVWIRE_COMMON_WATERFALL_GRPC_MESSAGES_H_

// Cuts the DATA of one HTTP/2 stream into the messages of gRPC: each has a prefix of
// five bytes, whether it is compressed and how long it is, big-endian.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace kvwire {

// Holds one message. Thread-compatible.
class GrpcMessages {
 public:
  static constexpr size_t kPrefixBytes = 5;

  using Sink = absl::FunctionRef<absl::Status(const std::string& message)>;

  // Takes the next bytes and hands on each message that is whole. Returns the sink's
  // error; DATA_LOSS if a message is compressed, for its parts then have no bytes of their
  // own; RESOURCE_EXHAUSTED if one is longer than a party accepts.
  absl::Status Append(std::string_view bytes, Sink sink);

 private:
  absl::Status ReadPrefix();

  std::string prefix_;
  std::string message_;
  size_t size_ = 0;  // of the message, once its prefix is whole
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_GRPC_MESSAGES_H_
