#ifndef KVWIRE_COMMON_WIRE_ALGORITHM_CLIENT_H_
#define KVWIRE_COMMON_WIRE_ALGORITHM_CLIENT_H_

// The caller's side of AlgorithmService, with blocking calls and statuses of ours.

#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "common/base/matrix.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/cancellation.h"
#include "common/wire/endpoint.h"
#include "common/wire/freeing_calls.h"
#include "common/wire/pending_describe.h"
#include "common/wire/transport_security.h"
#include "kvwire/v1/algorithm.grpc.pb.h"

namespace kvwire {

// A session of an algorithm process; closes it when destroyed, and does not wait for that: who
// opens the next one does. Holds on to the client and cancellation it was opened with. Not
// thread-safe.
class AlgorithmSession;

// An algorithm process. Thread-safe.
class AlgorithmClient {
 public:
  explicit AlgorithmClient(const Endpoint& endpoint, ChannelSecurity security = {});
  // Makes its calls over `channel`, which leads to `endpoint`.
  AlgorithmClient(const Endpoint& endpoint, std::shared_ptr<grpc::Channel> channel);

  const Endpoint& endpoint() const { return endpoint_; }
  // For further connections to it.
  const ChannelSecurity& security() const { return security_; }

  // Asks the process what it is. Returns UNAVAILABLE if it cannot be reached within
  // `timeout`; the result, which `cancellation` must outlive, says what it answers.
  absl::StatusOr<std::unique_ptr<PendingDescribe>> Describe(absl::Duration timeout,
                                                            Cancellation& cancellation) const;

  // Opens an empty session. Errors are those of AlgorithmService.Open.
  absl::StatusOr<std::unique_ptr<AlgorithmSession>> Open(const v1::OpenRequest& request,
                                                         Cancellation& cancellation) const;

  // Opens a session from the snapshot that `next` hands out: it returns false at
  // the end of the bytes, and otherwise sets its argument to the next piece (at
  // most 1 MiB), which is sent from where it lies. Errors are those of
  // AlgorithmService.Restore, and those of `next`.
  absl::StatusOr<std::unique_ptr<AlgorithmSession>> Restore(
      const v1::OpenRequest& request,
      absl::FunctionRef<absl::StatusOr<bool>(absl::Cord& piece)> next,
      Cancellation& cancellation) const;

 private:
  friend class AlgorithmSession;

  std::string Name() const;
  absl::Status Named(const grpc::Status& status, const Cancellation& cancellation) const;

  Endpoint endpoint_;
  ChannelSecurity security_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AlgorithmService::Stub> stub_;
  std::unique_ptr<FreeingCalls> closing_;  // of sessions
};

class AlgorithmSession {
 public:
  AlgorithmSession(const AlgorithmClient& client, int64_t session_id,
                   Cancellation& cancellation);
  ~AlgorithmSession();
  AlgorithmSession(const AlgorithmSession&) = delete;
  AlgorithmSession& operator=(const AlgorithmSession&) = delete;

  // Leaves the session open at its process, for whoever takes the id, and ends this.
  int64_t Release() &&;

  using BlockWriter = absl::FunctionRef<absl::Status(const v1::IngestRequest&)>;
  // Appends what `produce` writes; returns the state afterwards. Errors are those
  // of AlgorithmService.Ingest, and those of `produce`.
  absl::StatusOr<v1::IngestResponse> Ingest(
      absl::FunctionRef<absl::Status(BlockWriter)> produce);

  // Hands the snapshot to `sink` piece by piece, as it was received; returns the sink's
  // first error.
  absl::Status Snapshot(absl::FunctionRef<absl::Status(absl::Cord)> sink);

  // Returns the outputs [m, d] of `queries` [m, d]. Errors are those of
  // AlgorithmService.Attend, and INTERNAL if the answers are too few, too many, or not
  // finite numbers of the right count.
  absl::StatusOr<Matrix> Attend(const Matrix& queries);

  // The same for `rows` queries of `dims` numbers, a message's worth of them at a time:
  // `make` returns queries first .. first + count - 1, and `take` gets their outputs, both on
  // this thread and in order, but queries are made before the outputs of those before are
  // there. Returns its first error too. No rows make no call.
  using MakeQueries = absl::FunctionRef<Matrix(int64_t first, int64_t count)>;
  using TakeOutputs = absl::FunctionRef<absl::Status(int64_t first, Matrix outputs)>;
  absl::Status AttendInBlocks(int64_t rows, int64_t dims, MakeQueries make, TakeOutputs take);

 private:
  // Asks and takes over a stream; `open` is false once the server has ended it, whose status
  // says why. Returns what was wrong with an answer, or what `take` returned.
  absl::Status AskInBlocks(BulkExchange& stream, int64_t rows, int64_t dims, MakeQueries make,
                           TakeOutputs take, bool& open);

  const AlgorithmClient& client_;
  int64_t session_id_;
  bool released_ = false;
  Cancellation& cancellation_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_ALGORITHM_CLIENT_H_
