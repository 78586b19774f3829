#ifndef KVWIRE_CLIENT_CONFORMANCE_PLUG_IN_H_
#define KVWIRE_CLIENT_CONFORMANCE_PLUG_IN_H_

// The server under test, spoken to in the messages of the contract as a stranger would,
// well formed or not. Every call has a deadline: a server that hangs fails a case and does
// not stop the command.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_security.h"
#include "kvwire/v1/algorithm.grpc.pb.h"

namespace kvwire::conformance {

// How long a call may take.
inline constexpr absl::Duration kCallTime = absl::Seconds(60);

// Thread-safe.
class PlugIn {
 public:
  // A connection of its own.
  explicit PlugIn(const Endpoint& endpoint, const ChannelSecurity& security = {});

  const Endpoint& endpoint() const { return endpoint_; }
  v1::AlgorithmService::Stub& stub() const { return *stub_; }

  // What the stub's calls of these names do, but for `response` (bulk_calls.h).
  std::unique_ptr<grpc::ClientWriter<v1::IngestRequest>> StartIngest(
      grpc::ClientContext& context, grpc::ByteBuffer& response) const;
  std::unique_ptr<grpc::ClientWriter<v1::RestoreRequest>> StartRestore(
      grpc::ClientContext& context, grpc::ByteBuffer& response) const;

  // Returns UNAVAILABLE if the server cannot be reached within `timeout`.
  absl::Status WaitReachable(absl::Duration timeout) const;

  // The statuses of these are the server's, but for INTERNAL where it broke the form: a
  // piece of a snapshot over 1 MiB, fewer or more answers than requests, one that does not
  // parse; of Describe, Open and Close gRPC calls that UNIMPLEMENTED.
  absl::StatusOr<v1::DescribeResponse> Describe() const;
  absl::StatusOr<int64_t> Open(const v1::OpenRequest& request) const;
  absl::StatusOr<v1::IngestResponse> Ingest(
      const std::vector<v1::IngestRequest>& requests) const;
  absl::StatusOr<std::string> Snapshot(int64_t session) const;
  absl::StatusOr<v1::RestoreResponse> Restore(
      const std::vector<v1::RestoreRequest>& requests) const;
  // The outputs of each request.
  absl::StatusOr<std::vector<std::string>> Attend(
      const std::vector<v1::AttendRequest>& requests) const;
  absl::Status Close(int64_t session) const;
  // A call of a method that the contract does not have.
  absl::Status CallUnknownMethod() const;

 private:
  Endpoint endpoint_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AlgorithmService::Stub> stub_;
};

// Sets the deadline of one call.
void SetCallTime(grpc::ClientContext& context, absl::Duration time = kCallTime);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_PLUG_IN_H_
