#ifndef KVWIRE_SERVER_BOB_BOB_CHANNEL_SERVICE_H_
#define KVWIRE_SERVER_BOB_BOB_CHANNEL_SERVICE_H_

// Bob's end of the one-way channel: OneWayChannelService over a MessageStore. What
// it answers depends on what Alice sent and on nothing else.

#include "common/base/memory_account.h"
#include "common/wire/endpoint.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "server/bob/bob_message_store.h"
#include "server/calls/work_pool.h"

namespace kvwire {

// All messages come as bytes: request_parsing.h says why. The data of chunks is not copied.
class OneWayChannelHost final
    : public v1::OneWayChannelService::WithRawCallbackMethod_Send<
          v1::OneWayChannelService::WithRawCallbackMethod_QueryWriteStatus<
              v1::OneWayChannelService::Service>> {
 public:
  // `memory` is for requests. `channel` is where it listens; filled in before any call.
  OneWayChannelHost(MessageStore& store, WorkPool& pool, MemoryBudget& memory,
                    const Endpoint& channel)
      : store_(store), pool_(pool), memory_(memory), channel_(channel) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Send(
      grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* QueryWriteStatus(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override;

 private:
  MessageStore& store_;
  WorkPool& pool_;
  MemoryBudget& memory_;
  const Endpoint& channel_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_CHANNEL_SERVICE_H_
