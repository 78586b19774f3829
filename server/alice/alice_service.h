#ifndef KVWIRE_SERVER_ALICE_ALICE_SERVICE_H_
#define KVWIRE_SERVER_ALICE_ALICE_SERVICE_H_

// AliceService (proto/kvwire/v1/alice.proto): the driver's edge to Alice.

#include <cstdint>
#include <optional>
#include <utility>

#include "common/wire/algorithm_client.h"
#include "common/wire/generation.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "server/alice/alice_admission.h"
#include "server/calls/run_owners.h"
#include "server/calls/work_pool.h"
#include "server/process/dial_security.h"

namespace kvwire {

// All messages come as bytes: request_parsing.h says why.
class AliceServiceHost final
    : public v1::AliceService::WithRawCallbackMethod_Speak<
          v1::AliceService::WithRawCallbackMethod_Generate<v1::AliceService::Service>> {
 public:
  // Her messages have chunks of `chunk_bytes`; 0: as MessageSender::ChunkBytesAt.
  explicit AliceServiceHost(const Endpoint& algorithm,
                            std::optional<ModelWeights> model = std::nullopt,
                            const DialSecurity& security = {}, const AliceLimits& limits = {},
                            int64_t chunk_bytes = 0)
      : algorithm_(algorithm, security.algorithm),
        channel_security_(security.peer),
        model_(std::move(model)),
        chunk_bytes_(chunk_bytes),
        admission_(limits),
        pool_(AliceAdmission::kMaxRuns) {}

  grpc::ServerReadReactor<grpc::ByteBuffer>* Speak(grpc::CallbackServerContext* context,
                                                   grpc::ByteBuffer* response) override;
  // For metrics.
  AliceAdmission& admission() { return admission_; }

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  AlgorithmClient algorithm_;
  ChannelSecurity channel_security_;
  std::optional<ModelWeights> model_;
  const int64_t chunk_bytes_;
  AliceAdmission admission_;
  RunOwners owners_;
  WorkPool pool_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_SERVICE_H_
