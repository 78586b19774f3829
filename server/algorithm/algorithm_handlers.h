#ifndef KVWIRE_SERVER_ALGORITHM_ALGORITHM_HANDLERS_H_
#define KVWIRE_SERVER_ALGORITHM_ALGORITHM_HANDLERS_H_

// What the streaming calls of AlgorithmService do with each of their messages; the
// shapes are those of streams.h.

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/kv/snapshot.h"
#include "kvwire/v1/algorithm.pb.h"
#include "server/algorithm/algorithm_sessions.h"

namespace kvwire {

// Checks the protocol version and returns the setup that `request` asks for, with
// the smaller of its and the server's memory limit. Errors as AlgorithmService.Open.
absl::StatusOr<CacheSetup> SetupOf(const v1::OpenRequest& request, int64_t memory_limit_bytes);

class IngestHandler {
 public:
  IngestHandler(AlgorithmSessions& sessions, Caller caller, grpc::ByteBuffer* response)
      : sessions_(sessions), caller_(std::move(caller)), response_(response) {}

  absl::Status Take(const v1::IngestRequest& request);
  absl::Status End();
  void Cancel() {}
  MemoryBudget& memory() { return sessions_.memory(); }

 private:
  AlgorithmSessions& sessions_;
  const Caller caller_;
  grpc::ByteBuffer* response_;
  std::shared_ptr<AlgorithmSessionState> session_;
};

// Writes the snapshot of `cache` as messages of SnapshotResponse, all but the last with
// the 1 MiB of bytes that they may have. A message stays valid whatever becomes of the
// cache: the transport sends it when it can. Returns the first error of `write`, or of
// WriteSnapshot.
absl::Status WriteSnapshotMessages(
    const KvCache& cache, const CacheSetup& setup,
    absl::FunctionRef<absl::Status(const grpc::ByteBuffer&)> write);

class RestoreHandler {
 public:
  RestoreHandler(AlgorithmSessions& sessions, Caller caller, grpc::ByteBuffer* response)
      : sessions_(sessions), caller_(std::move(caller)), response_(response) {}

  absl::Status Take(const grpc::ByteBuffer& message);
  absl::Status End();
  void Cancel() {}

 private:
  AlgorithmSessions& sessions_;
  const Caller caller_;
  grpc::ByteBuffer* response_;
  AlgorithmSessions::State session_;
  std::unique_ptr<SnapshotReader> reader_;
};

class AttendHandler {
 public:
  AttendHandler(AlgorithmSessions& sessions, Caller caller)
      : sessions_(sessions), caller_(std::move(caller)) {}

  absl::Status Take(const v1::AttendRequest& request, v1::AttendResponse& response);
  MemoryBudget& memory() { return sessions_.memory(); }

 private:
  AlgorithmSessions& sessions_;
  const Caller caller_;
  std::shared_ptr<AlgorithmSessionState> session_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALGORITHM_ALGORITHM_HANDLERS_H_
