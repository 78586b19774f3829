#ifndef KVWIRE_TESTS_CHAOS_BOB_IN_PROCESS_H_
#define KVWIRE_TESTS_CHAOS_BOB_IN_PROCESS_H_

// Bob's end of the channel in this process.

#include <memory>
#include <utility>

#include "server/bob/bob_channel_service.h"
#include "server/bob/bob_message_store.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {

struct BobInProcess {
  explicit BobInProcess(int64_t message_limit_bytes,
                        std::unique_ptr<const Spool> spool = std::make_unique<Spool>())
      : store(message_limit_bytes, std::move(spool)) {
    channel = server.endpoint();
  }

  MessageStore store;
  MemoryBudget memory{int64_t{64} << 20};
  WorkPool pool{8};
  Endpoint channel;
  OneWayChannelHost host{store, pool, memory, channel};
  LoopbackServer server{{&host}};
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_BOB_IN_PROCESS_H_
