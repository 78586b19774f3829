#ifndef KVWIRE_SERVER_BOB_CHANNEL_SERVICE_H_
#define KVWIRE_SERVER_BOB_CHANNEL_SERVICE_H_

// Bob's end of the one-way channel: OneWayChannelService over a MessageStore. What
// it answers depends on what Alice sent and on nothing else.

#include "common/wire/endpoint.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "server/bob_message_store.h"
#include "server/work_pool.h"

namespace kvwire {

// Chunks are read as buffers, so that their data is not copied.
class OneWayChannelHost final
    : public v1::OneWayChannelService::WithRawCallbackMethod_Send<
          v1::OneWayChannelService::WithCallbackMethod_QueryWriteStatus<
              v1::OneWayChannelService::Service>> {
 public:
  // `channel` is where it listens; filled in before any call.
  OneWayChannelHost(MessageStore& store, WorkPool& pool, const Endpoint& channel)
      : store_(store), pool_(pool), channel_(channel) {}

  grpc::ServerReadReactor<grpc::ByteBuffer>* Send(grpc::CallbackServerContext* context,
                                                  grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* QueryWriteStatus(grpc::CallbackServerContext* context,
                                             const v1::QueryWriteStatusRequest* request,
                                             v1::QueryWriteStatusResponse* response) override;

 private:
  MessageStore& store_;
  WorkPool& pool_;
  const Endpoint& channel_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_CHANNEL_SERVICE_H_
