#ifndef KVWIRE_SERVER_ALGORITHM_ALGORITHM_SERVICE_H_
#define KVWIRE_SERVER_ALGORITHM_ALGORITHM_SERVICE_H_

// AlgorithmService (proto/kvwire/v1/algorithm.proto) over the built-in algorithms.

#include <cstdint>

#include "kvwire/v1/algorithm.grpc.pb.h"
#include "server/algorithm/algorithm_sessions.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// All messages come as bytes: request_parsing.h says why.
using AlgorithmServiceBase = v1::AlgorithmService::WithRawCallbackMethod_Describe<
    v1::AlgorithmService::WithRawCallbackMethod_Open<
        v1::AlgorithmService::WithRawCallbackMethod_Ingest<
            v1::AlgorithmService::WithRawCallbackMethod_Snapshot<
                v1::AlgorithmService::WithRawCallbackMethod_Restore<
                    v1::AlgorithmService::WithRawCallbackMethod_Attend<
                        v1::AlgorithmService::WithRawCallbackMethod_Close<
                            v1::AlgorithmService::Service>>>>>>>;

class AlgorithmServiceHost final : public AlgorithmServiceBase {
 public:
  explicit AlgorithmServiceHost(const SessionLimits& limits);

  // For metrics, and for who drops idle ones.
  AlgorithmSessions& sessions() { return sessions_; }

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Open(grpc::CallbackServerContext* context,
                                 const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* response) override;
  grpc::ServerReadReactor<grpc::ByteBuffer>* Ingest(grpc::CallbackServerContext* context,
                                                    grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Snapshot(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerReadReactor<grpc::ByteBuffer>* Restore(grpc::CallbackServerContext* context,
                                                     grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Attend(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Close(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;

 private:
  const uint64_t process_id_;
  AlgorithmSessions sessions_;
  WorkPool pool_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALGORITHM_ALGORITHM_SERVICE_H_
