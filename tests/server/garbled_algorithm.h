#ifndef KVWIRE_TESTS_SERVER_GARBLED_ALGORITHM_H_
#define KVWIRE_TESTS_SERVER_GARBLED_ALGORITHM_H_

// An algorithm server whose answers to streams do not parse.

#include <memory>

#include "kvwire/v1/algorithm.grpc.pb.h"
#include "server/calls/streams.h"

namespace kvwire {

// Bytes that are no message.
inline grpc::ByteBuffer Garbage() {
  const grpc::Slice garbage("\xff\xff\xff");
  return grpc::ByteBuffer(&garbage, 1);
}

// Reads all that comes and answers with garbage.
struct Garbler {
  static absl::Status Take(const grpc::ByteBuffer& /*request*/) { return absl::OkStatus(); }
  absl::Status End() const {
    *response = Garbage();
    return absl::OkStatus();
  }
  void Cancel() {}

  grpc::ByteBuffer* response;
};

// It has no other calls.
struct GarbledAlgorithm final
    : v1::AlgorithmService::WithRawCallbackMethod_Ingest<
          v1::AlgorithmService::WithRawCallbackMethod_Restore<v1::AlgorithmService::Service>> {
  using Reactor = grpc::ServerReadReactor<grpc::ByteBuffer>;
  Reactor* Ingest(grpc::CallbackServerContext* context, grpc::ByteBuffer* response) override {
    return Garble(*context, response);
  }
  Reactor* Restore(grpc::CallbackServerContext* context, grpc::ByteBuffer* response) override {
    return Garble(*context, response);
  }
  Reactor* Garble(grpc::CallbackServerContext& context, grpc::ByteBuffer* response) {
    return new StreamReader<grpc::ByteBuffer, Garbler>(
        context, pool, std::make_unique<Garbler>(Garbler{response}));
  }
  WorkPool pool{2};
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_GARBLED_ALGORITHM_H_
