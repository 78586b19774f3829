// An Alice and a Bob for the tests of `kvwire generate`, at one address: they pass every
// call on to honest ones and change what they are told to. Without a lie they are honest.

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/wire/channels.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "kvwire/v1/bob.grpc.pb.h"
#include "server/process/service_main.h"

namespace kvwire {
namespace {

struct Lies {
  bool initial_token = false;   // a bit of it, on its way to Alice
  std::optional<int64_t> seed;  // of the weights that both really use

  void Change(v1::GenerationParameters& parameters) const {
    if (seed.has_value()) parameters.set_seed(*seed);
  }
};

class LyingAlice final : public v1::AliceService::Service {
 public:
  LyingAlice(const Endpoint& honest, Lies lies)
      : honest_(v1::AliceService::NewStub(ControlChannel(honest))), lies_(lies) {}

  grpc::Status Generate(grpc::ServerContext* server, const v1::GenerateRequest* request,
                        v1::GenerateResponse* response) override {
    v1::GenerateRequest changed = *request;
    lies_.Change(*changed.mutable_parameters());
    // The highest bit of a significand: a low one may be lost in rounding.
    if (lies_.initial_token) changed.mutable_initial_token()->at(2) ^= 0x40;
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->Generate(context.get(), changed, response);
  }

 private:
  const std::unique_ptr<v1::AliceService::Stub> honest_;
  const Lies lies_;
};

class LyingBob final : public v1::BobService::Service {
 public:
  LyingBob(const Endpoint& honest, Lies lies)
      : honest_(v1::BobService::NewStub(ControlChannel(honest))), lies_(lies) {}

  grpc::Status GetChannel(grpc::ServerContext* server, const v1::GetChannelRequest* request,
                          v1::GetChannelResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->GetChannel(context.get(), *request, response);
  }

  grpc::Status GenerateLast(grpc::ServerContext* server,
                            const v1::GenerateLastRequest* request,
                            grpc::ServerWriter<v1::GenerateLastResponse>* writer) override {
    v1::GenerateLastRequest changed = *request;
    lies_.Change(*changed.mutable_parameters());
    const auto context = grpc::ClientContext::FromServerContext(*server);
    const auto reader = honest_->GenerateLast(context.get(), changed);
    v1::GenerateLastResponse piece;
    while (reader->Read(&piece)) writer->Write(piece);
    return reader->Finish();
  }

  grpc::Status GetLedger(grpc::ServerContext* server, const v1::GetLedgerRequest* request,
                         v1::GetLedgerResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->GetLedger(context.get(), *request, response);
  }

  grpc::Status CloseRun(grpc::ServerContext* server, const v1::CloseRunRequest* request,
                        v1::CloseRunResponse* response) override {
    const auto context = grpc::ClientContext::FromServerContext(*server);
    return honest_->CloseRun(context.get(), *request, response);
  }

 private:
  const std::unique_ptr<v1::BobService::Stub> honest_;
  const Lies lies_;
};

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  CLI::App app("lying_parties: passes every call on to an honest Alice and Bob, and lies");
  kvwire::ServiceFlags flags;
  kvwire::AddServiceFlags(app, flags);
  kvwire::Lies lies;
  std::string alice;
  std::string bob;
  app.add_option("--alice", alice, "HOST:PORT of the honest Alice")->required();
  app.add_option("--bob", bob, "HOST:PORT of the honest Bob")->required();
  app.add_flag("--initial-token", lies.initial_token, "a bit of it");
  app.add_option("--seed", lies.seed, "of the weights");
  if (const auto exit_code = kvwire::ParseServiceFlags(app, flags, argc, argv))
    return *exit_code;
  const auto listen = kvwire::ParseEndpoint(flags.listen);
  if (!listen.ok()) return kvwire::ServiceError(listen.status());
  const auto honest_alice = kvwire::ParseEndpoint(alice);
  if (!honest_alice.ok()) return kvwire::ServiceError(honest_alice.status());
  const auto honest_bob = kvwire::ParseEndpoint(bob);
  if (!honest_bob.ok()) return kvwire::ServiceError(honest_bob.status());
  kvwire::LyingAlice lying_alice(*honest_alice, lies);
  kvwire::LyingBob lying_bob(*honest_bob, lies);
  return kvwire::Serve({{.label = "listening",
                         .endpoint = *listen,
                         .services = {{&lying_alice}, {&lying_bob}}}},
                       flags);
}
