#ifndef KVWIRE_SERVER_ALGORITHM_SERVICE_H_
#define KVWIRE_SERVER_ALGORITHM_SERVICE_H_

// AlgorithmService (proto/kvwire/v1/algorithm.proto) over the built-in algorithms.

#include <cstdint>

#include "kvwire/v1/algorithm.grpc.pb.h"
#include "server/algorithm_sessions.h"
#include "server/work_pool.h"

namespace kvwire {

class AlgorithmServiceHost final : public v1::AlgorithmService::CallbackService {
 public:
  // No session may take more than `memory_limit_bytes`.
  explicit AlgorithmServiceHost(int64_t memory_limit_bytes);

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const v1::DescribeRequest* request,
                                     v1::DescribeResponse* response) override;
  grpc::ServerUnaryReactor* Open(grpc::CallbackServerContext* context,
                                 const v1::OpenRequest* request,
                                 v1::OpenResponse* response) override;
  grpc::ServerReadReactor<v1::IngestRequest>* Ingest(grpc::CallbackServerContext* context,
                                                     v1::IngestResponse* response) override;
  grpc::ServerWriteReactor<v1::SnapshotResponse>* Snapshot(
      grpc::CallbackServerContext* context, const v1::SnapshotRequest* request) override;
  grpc::ServerReadReactor<v1::RestoreRequest>* Restore(grpc::CallbackServerContext* context,
                                                       v1::RestoreResponse* response) override;
  grpc::ServerBidiReactor<v1::AttendRequest, v1::AttendResponse>* Attend(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Close(grpc::CallbackServerContext* context,
                                  const v1::CloseRequest* request,
                                  v1::CloseResponse* response) override;

 private:
  const int64_t memory_limit_bytes_;
  const uint64_t process_id_;
  AlgorithmSessions sessions_;
  WorkPool pool_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALGORITHM_SERVICE_H_
