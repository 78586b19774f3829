#ifndef KVWIRE_TESTS_SERVER_GARBLED_ALGORITHM_H_
#define KVWIRE_TESTS_SERVER_GARBLED_ALGORITHM_H_

// An algorithm server whose answers to streams do not parse.

#include <memory>

#include "kvwire/v1/algorithm.grpc.pb.h"
#include "server/calls/acknowledged_reader.h"
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

// Answers each request so.
struct EachGarbled {
  static absl::Status Take(grpc::ByteBuffer& /*request*/, grpc::ByteBuffer& response) {
    response = Garbage();
    return absl::OkStatus();
  }
  static absl::Status End(grpc::ByteBuffer& /*response*/) { return absl::OkStatus(); }
};

// Writes one such piece.
class GarbledPiece final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  GarbledPiece() { StartWriteAndFinish(&piece_, {}, grpc::Status::OK); }
  void OnDone() override { delete this; }

 private:
  const grpc::ByteBuffer piece_ = Garbage();
};

using GarbledMethods = v1::AlgorithmService::WithRawCallbackMethod_Describe<
    v1::AlgorithmService::WithRawCallbackMethod_Ingest<
        v1::AlgorithmService::WithRawCallbackMethod_Snapshot<
            v1::AlgorithmService::WithRawCallbackMethod_Restore<
                v1::AlgorithmService::WithRawCallbackMethod_Attend<
                    v1::AlgorithmService::Service>>>>>;

// It has no other calls.
struct GarbledAlgorithm final : GarbledMethods {
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* /*request*/,
                                     grpc::ByteBuffer* response) override {
    *response = Garbage();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Snapshot(
      grpc::CallbackServerContext* /*context*/, const grpc::ByteBuffer* /*request*/) override {
    return new GarbledPiece();
  }
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Attend(
      grpc::CallbackServerContext* context) override {
    return new AcknowledgedReader<EachGarbled>(*context, pool,
                                               std::make_unique<EachGarbled>());
  }
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
