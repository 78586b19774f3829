#ifndef KVWIRE_TESTS_SERVER_GENERATION_PARTIES_H_
#define KVWIRE_TESTS_SERVER_GENERATION_PARTIES_H_

// Alice and Bob with weights or without, what they are asked in a split generation, and
// the same generation with no services at all.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/var/cached_generation.h"
#include "common/wire/rows.h"
#include "server/alice/alice_service.h"
#include "tests/kv/caches.h"
#include "tests/server/calls.h"
#include "tests/server/test_services.h"
#include "tests/wire/generations.h"

namespace kvwire {

struct GenerationParties {
  explicit GenerationParties(const std::optional<ModelWeights>& alice_model = std::nullopt,
                             const std::optional<ModelWeights>& bob_model = std::nullopt)
      : alice_host(alice_algorithm.server.endpoint(), alice_model),
        bob_host(bob.store, bob.pool, bob.memory, bob.algorithm.server.endpoint(),
                 bob.channel_endpoint, bob_model) {}

  TestAlgorithm alice_algorithm;
  AliceServiceHost alice_host;
  LoopbackServer alice_server{{&alice_host}};
  std::unique_ptr<v1::AliceService::Stub> alice =
      v1::AliceService::NewStub(ControlChannel(alice_server.endpoint()));
  // His channel and algorithm; what he is asked goes to `bob_stub`.
  TestBob bob;
  BobServiceHost bob_host;
  LoopbackServer bob_server{{&bob_host}};
  std::unique_ptr<v1::BobService::Stub> bob_stub =
      v1::BobService::NewStub(ControlChannel(bob_server.endpoint()));

  v1::GenerateRequest Request(uint64_t run_id, const Generation& generation) const {
    v1::GenerateRequest request;
    request.set_protocol_version(kProtocolVersion);
    request.set_run_id(run_id);
    *request.mutable_parameters() = GenerationToProto(generation);
    request.set_initial_token(RowsToBytes(InitialToken(generation)));
    request.set_channel_endpoint(bob.server.endpoint().ToString());
    request.set_connect_timeout_seconds(60);
    return request;
  }
  absl::StatusOr<v1::GenerateResponse> Generate(const v1::GenerateRequest& request) const {
    grpc::ClientContext context;
    v1::GenerateResponse response;
    const absl::Status status = FromGrpc(alice->Generate(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<v1::GenerateResponse> Generate(uint64_t run_id,
                                                const Generation& generation) const {
    return Generate(Request(run_id, generation));
  }
};

inline v1::GenerateLastRequest AskLast(uint64_t run_id, const Generation& generation) {
  v1::GenerateLastRequest request;
  request.set_protocol_version(kProtocolVersion);
  request.set_run_id(run_id);
  *request.mutable_parameters() = GenerationToProto(generation);
  return request;
}

struct LastMap {
  std::string tokens;
  size_t pieces = 0;
  v1::GenerateLastResponse last_piece;
};

inline absl::StatusOr<LastMap> GenerateLast(v1::BobService::Stub& stub,
                                            const v1::GenerateLastRequest& request) {
  grpc::ClientContext context;
  const auto reader = stub.GenerateLast(&context, request);
  LastMap map;
  v1::GenerateLastResponse piece;
  while (reader->Read(&piece)) {
    map.tokens += piece.tokens();
    map.last_piece = piece;
    ++map.pieces;
  }
  const absl::Status status = FromGrpc(reader->Finish());
  if (!status.ok()) return status;
  return map;
}

// What should cross the channel, and what should come of it.
struct LocalSplit {
  std::string map;       // the one handed over
  std::string snapshot;  // of the cache after it
  std::string last_map;  // Z_N
};

inline LocalSplit SplitHere(const Generation& generation,
                            const std::optional<ModelWeights>& model = std::nullopt) {
  const Matrix x_init = InitialToken(generation);
  const VarTransformer transformer = MakeTransformer(generation, model, x_init).value();
  const CacheSetup setup = SetupOf(generation.algorithm, generation.dims);
  const auto cache = NewCache(setup);
  const int64_t last = transformer.scales();
  const int64_t handover = generation.handover();
  Matrix map = x_init;
  if (handover > 0) map = GenerateScales(transformer, *cache, 1, handover, x_init).value();
  LocalSplit split{.map = RowsToBytes(map), .snapshot = SnapshotOf(*cache, setup)};
  split.last_map =
      RowsToBytes(GenerateScales(transformer, *cache, handover + 1, last, map).value());
  return split;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_GENERATION_PARTIES_H_
