#ifndef KVWIRE_TESTS_SERVER_TEST_SERVICES_H_
#define KVWIRE_TESTS_SERVER_TEST_SERVICES_H_

// The services in this process, on loopback ports, and stubs to speak to them.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/base/checksum.h"
#include "common/reduction/parameters.h"
#include "common/wire/algorithm_client.h"
#include "common/wire/parameters_conversion.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "server/algorithm/algorithm_service.h"
#include "server/bob/bob_channel_service.h"
#include "server/bob/bob_message_store.h"
#include "server/bob/bob_service.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {

inline constexpr int64_t kTestMemory = int64_t{1} << 26;

// An algorithm process.
struct TestAlgorithm {
  AlgorithmServiceHost host{{.memory_limit_bytes = kTestMemory}};
  LoopbackServer server{{&host}};
  std::unique_ptr<v1::AlgorithmService::Stub> stub =
      v1::AlgorithmService::NewStub(ControlChannel(server.endpoint()));
};

// A Bob with an algorithm process of his own.
struct TestBob {
  explicit TestBob(int64_t message_limit_bytes = int64_t{1} << 26,
                   std::unique_ptr<const Spool> spool = std::make_unique<Spool>())
      : store(message_limit_bytes, std::move(spool)) {
    if (!store.Recover().ok()) throw std::runtime_error("the spool cannot be taken up");
    channel_endpoint = server.endpoint();
  }

  TestAlgorithm algorithm;
  MessageStore store;
  MemoryBudget memory{kTestMemory};
  WorkPool pool{8};
  Endpoint channel_endpoint;
  OneWayChannelHost channel_host{store, pool, memory, channel_endpoint};
  BobServiceHost host{store, pool, memory, algorithm.server.endpoint(), channel_endpoint};
  LoopbackServer server{{&channel_host, &host}};
  std::unique_ptr<v1::OneWayChannelService::Stub> channel =
      v1::OneWayChannelService::NewStub(ControlChannel(server.endpoint()));
  std::unique_ptr<v1::BobService::Stub> stub =
      v1::BobService::NewStub(ControlChannel(server.endpoint()));
};

// L = 5 tokens of d = 8: 40 bits, 16 queries.
inline PublicParameters SmallParameters(const std::string& algorithm = "exact") {
  return PublicParameters{.shape = ProblemShape::Var(*Scales::Pyramid(4)),
                          .dims = 8,
                          .sharpness = 20,
                          .algorithm = algorithm};
}

inline v1::OpenRequest OpenRequestOf(const PublicParameters& parameters) {
  v1::OpenRequest request;
  request.set_protocol_version(kProtocolVersion);
  *request.mutable_parameters() = CacheParametersOf(parameters);
  return request;
}

// A whole message in one chunk, with nothing wrong in it.
inline v1::SendRequest WholeChunk(uint64_t run_id, const std::string& data,
                                  const PublicParameters& parameters = SmallParameters()) {
  v1::SendRequest chunk;
  chunk.set_run_id(run_id);
  chunk.set_parameters_digest(ParametersDigest(parameters));
  chunk.set_crc32c(Crc32c(data));
  chunk.set_data(data);
  chunk.mutable_finish_write()->set_total_bytes(static_cast<int64_t>(data.size()));
  chunk.mutable_finish_write()->set_sha256(Sha256Of(data));
  return chunk;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_TEST_SERVICES_H_
