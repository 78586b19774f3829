#ifndef KVWIRE_SERVER_BOB_SERVICE_H_
#define KVWIRE_SERVER_BOB_SERVICE_H_

// BobService (proto/kvwire/v1/bob.proto): the driver's edge to Bob.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "common/base/memory_account.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/generation.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "server/bob_message_store.h"
#include "server/run_owners.h"
#include "server/work_pool.h"

namespace kvwire {

class BobServiceHost final : public v1::BobService::CallbackService {
 public:
  // `channel` is where OneWayChannelService listens; filled in before any call. `security`
  // is for the algorithm process.
  BobServiceHost(MessageStore& store, WorkPool& pool, const Endpoint& algorithm,
                 const Endpoint& channel, std::optional<ModelWeights> model = std::nullopt,
                 ChannelSecurity security = {},
                 int64_t memory_budget_bytes = std::numeric_limits<int64_t>::max())
      : store_(store),
        pool_(pool),
        algorithm_(algorithm, std::move(security)),
        channel_(channel),
        model_(std::move(model)),
        memory_(memory_budget_bytes) {}

  // For metrics.
  const MemoryBudget& memory() const { return memory_; }

  grpc::ServerUnaryReactor* GetChannel(grpc::CallbackServerContext* context,
                                       const v1::GetChannelRequest* request,
                                       v1::GetChannelResponse* response) override;
  grpc::ServerWriteReactor<v1::DecodeResponse>* Decode(
      grpc::CallbackServerContext* context, const v1::DecodeRequest* request) override;
  grpc::ServerWriteReactor<v1::GenerateLastResponse>* GenerateLast(
      grpc::CallbackServerContext* context, const v1::GenerateLastRequest* request) override;
  grpc::ServerWriteReactor<v1::GetMessageResponse>* GetMessage(
      grpc::CallbackServerContext* context, const v1::GetMessageRequest* request) override;
  grpc::ServerUnaryReactor* GetLedger(grpc::CallbackServerContext* context,
                                      const v1::GetLedgerRequest* request,
                                      v1::GetLedgerResponse* response) override;
  grpc::ServerUnaryReactor* CloseRun(grpc::CallbackServerContext* context,
                                     const v1::CloseRunRequest* request,
                                     v1::CloseRunResponse* response) override;

 private:
  // Whether the caller may speak of the run: of one that is nobody's yet it becomes the owner.
  absl::Status Claim(uint64_t run_id, const std::string& identity);

  MessageStore& store_;
  WorkPool& pool_;
  AlgorithmClient algorithm_;
  const Endpoint& channel_;
  std::optional<ModelWeights> model_;
  MemoryBudget memory_;  // of answers
  RunOwners owners_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_SERVICE_H_
