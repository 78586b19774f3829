#ifndef KVWIRE_TESTS_SERVER_WHOLE_RUN_H_
#define KVWIRE_TESTS_SERVER_WHOLE_RUN_H_

// Alice, Bob and their two algorithm processes.

#include <memory>
#include <random>
#include <string>
#include <utility>

#include "server/alice/alice_service.h"
#include "tests/server/calls.h"
#include "tests/server/test_services.h"

namespace kvwire {

// An Alice with an algorithm process of her own.
struct TestAlice {
  TestAlgorithm algorithm;
  AliceServiceHost host{algorithm.server.endpoint()};
  LoopbackServer server{{&host}};
  std::unique_ptr<v1::AliceService::Stub> stub =
      v1::AliceService::NewStub(ControlChannel(server.endpoint()));
};

inline std::string RandomBits(int64_t size_bits, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes;
  for (int64_t i = 0; i < size_bits / 8; ++i) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

struct WholeRun {
  explicit WholeRun(const std::string& algorithm = "exact")
      : WholeRun(SmallParameters(algorithm)) {}
  explicit WholeRun(PublicParameters public_parameters)
      : parameters(std::move(public_parameters)),
        bits(RandomBits(parameters.payload_bits(), 1)) {}

  v1::SpeakOpening Opening(uint64_t run_id) const {
    v1::SpeakOpening opening;
    opening.set_protocol_version(kProtocolVersion);
    opening.set_run_id(run_id);
    *opening.mutable_parameters() = ParametersToProto(parameters);
    opening.set_channel_endpoint(bob->server.endpoint().ToString());
    opening.set_connect_timeout_seconds(60);
    return opening;
  }
  absl::StatusOr<v1::SpeakResponse> Speak(uint64_t run_id) const {
    return kvwire::Speak(*alice->stub, Opening(run_id), bits);
  }

  PublicParameters parameters;
  std::string bits;
  std::unique_ptr<TestBob> bob = std::make_unique<TestBob>();
  std::unique_ptr<TestAlice> alice = std::make_unique<TestAlice>();
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_WHOLE_RUN_H_
