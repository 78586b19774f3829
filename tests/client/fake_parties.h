#ifndef KVWIRE_TESTS_CLIENT_FAKE_PARTIES_H_
#define KVWIRE_TESTS_CLIENT_FAKE_PARTIES_H_

// An Alice and a Bob whose every answer is up to the test: what the driver must not
// take on trust.

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/driver.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "tests/client/good_run.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {

class FakeAlice final : public v1::AliceService::Service {
 public:
  std::function<grpc::Status(v1::SpeakResponse&)> speak = [](v1::SpeakResponse&) {
    return grpc::Status::OK;
  };
  std::function<grpc::Status(const v1::GenerateRequest&, v1::GenerateResponse&)> generate;

  grpc::Status Speak(grpc::ServerContext* /*context*/,
                     grpc::ServerReader<v1::SpeakRequest>* reader,
                     v1::SpeakResponse* response) override {
    v1::SpeakRequest request;
    while (reader->Read(&request)) continue;
    return speak(*response);
  }
  grpc::Status Generate(grpc::ServerContext* /*context*/, const v1::GenerateRequest* request,
                        v1::GenerateResponse* response) override {
    return generate(*request, *response);
  }
};

class FakeBob final : public v1::BobService::Service {
 public:
  using DecodeWriter = grpc::ServerWriter<v1::DecodeResponse>;
  using LastWriter = grpc::ServerWriter<v1::GenerateLastResponse>;

  std::function<grpc::Status(const v1::DecodeRequest&, DecodeWriter&)> decode;
  std::function<grpc::Status(LastWriter&)> generate_last;
  std::function<grpc::Status(v1::GetLedgerResponse&)> get_ledger = [](v1::GetLedgerResponse&) {
    return grpc::Status::OK;
  };

  // Runs that were closed, in order, once there are `count` of them.
  std::vector<uint64_t> closed(size_t count) const {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return closed_.size() >= count;
    };
    const absl::MutexLock lock(&mutex_, absl::Condition(&enough));
    return closed_;
  }

  grpc::Status GetChannel(grpc::ServerContext* /*context*/,
                          const v1::GetChannelRequest* /*request*/,
                          v1::GetChannelResponse* response) override {
    response->set_endpoint("127.0.0.1:1");
    return grpc::Status::OK;
  }
  grpc::Status Decode(grpc::ServerContext* /*context*/, const v1::DecodeRequest* request,
                      DecodeWriter* writer) override {
    return decode(*request, *writer);
  }
  grpc::Status GenerateLast(grpc::ServerContext* /*context*/,
                            const v1::GenerateLastRequest* /*request*/,
                            LastWriter* writer) override {
    return generate_last(*writer);
  }
  grpc::Status GetLedger(grpc::ServerContext* /*context*/,
                         const v1::GetLedgerRequest* /*request*/,
                         v1::GetLedgerResponse* response) override {
    return get_ledger(*response);
  }
  grpc::Status CloseRun(grpc::ServerContext* /*context*/, const v1::CloseRunRequest* request,
                        v1::CloseRunResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    closed_.push_back(request->run_id());
    return grpc::Status::OK;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<uint64_t> closed_ ABSL_GUARDED_BY(mutex_);
};

// Both, and a driver that is connected to them.
struct FakeParties {
  FakeParties() {
    services.alice = alice_server.endpoint();
    services.bob = bob_server.endpoint();
    services.timeout = absl::Seconds(60);
  }

  FakeAlice alice;
  FakeBob bob;
  LoopbackServer alice_server{{&alice}};
  LoopbackServer bob_server{{&bob}};
  Services services;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CLIENT_FAKE_PARTIES_H_
