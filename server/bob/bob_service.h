#ifndef KVWIRE_SERVER_BOB_BOB_SERVICE_H_
#define KVWIRE_SERVER_BOB_BOB_SERVICE_H_

// BobService (proto/kvwire/v1/bob.proto): the driver's edge to Bob.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/base/memory_account.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/generation.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "server/bob/bob_message_store.h"
#include "server/calls/run_owners.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// All messages come as bytes: request_parsing.h says why.
using BobServiceBase = v1::BobService::WithRawCallbackMethod_GetChannel<
    v1::BobService::WithRawCallbackMethod_Decode<
        v1::BobService::WithRawCallbackMethod_GenerateLast<
            v1::BobService::WithRawCallbackMethod_GetMessage<
                v1::BobService::WithRawCallbackMethod_GetLedger<
                    v1::BobService::WithRawCallbackMethod_CloseRun<
                        v1::BobService::Service>>>>>>;

class BobServiceHost final : public BobServiceBase {
 public:
  // `memory` is for requests and answers. `channel` is where OneWayChannelService listens;
  // filled in before any call. `security` is for the algorithm process.
  BobServiceHost(MessageStore& store, WorkPool& pool, MemoryBudget& memory,
                 const Endpoint& algorithm, const Endpoint& channel,
                 std::optional<ModelWeights> model = std::nullopt,
                 ChannelSecurity security = {})
      : store_(store),
        pool_(pool),
        memory_(memory),
        algorithm_(algorithm, std::move(security)),
        channel_(channel),
        model_(std::move(model)) {}

  grpc::ServerUnaryReactor* GetChannel(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Decode(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* GenerateLast(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* GetMessage(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* GetLedger(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* CloseRun(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  // Whether the caller may speak of the run: of one that is nobody's yet it becomes the owner.
  absl::Status Claim(uint64_t run_id, const std::string& identity);

  MessageStore& store_;
  WorkPool& pool_;
  MemoryBudget& memory_;
  AlgorithmClient algorithm_;
  const Endpoint& channel_;
  std::optional<ModelWeights> model_;
  RunOwners owners_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_SERVICE_H_
