#ifndef KVWIRE_COMMON_WIRE_PENDING_DESCRIBE_H_
#define KVWIRE_COMMON_WIRE_PENDING_DESCRIBE_H_

// What an algorithm process says of itself, asked while other calls go to it: a run of a small
// cache is round trips and little else.

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "common/wire/cancellation.h"
#include "kvwire/v1/algorithm.grpc.pb.h"

namespace kvwire {

// Not thread-safe.
class PendingDescribe {
 public:
  // Begins to ask. `name` is for errors; `cancellation` must outlive this.
  PendingDescribe(std::shared_ptr<grpc::Channel> channel, std::string name,
                  Cancellation& cancellation);
  // Gives the call up, if it is under way.
  ~PendingDescribe();
  PendingDescribe(const PendingDescribe&) = delete;
  PendingDescribe& operator=(const PendingDescribe&) = delete;

  // Waits for the answer. Errors are those of AlgorithmService.Describe, INTERNAL if the
  // answer does not parse, and FAILED_PRECONDITION, naming both versions, if the process
  // speaks another one of the protocol. A process that does may refuse other calls too: ask
  // here before what they say is believed.
  absl::StatusOr<v1::DescribeResponse> All();
  absl::StatusOr<uint64_t> ProcessId();

 private:
  const std::string name_;
  CancellableCall call_;
  grpc::GenericStub stub_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  absl::Notification done_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_PENDING_DESCRIBE_H_
