// kvwire-bob: receives Alice's message on the one-way channel and answers the
// driver's questions from it.

#include "common/base/status_macros.h"
#include "server/bob_channel_service.h"
#include "server/bob_message_store.h"
#include "server/bob_service.h"
#include "server/service_main.h"

namespace {

struct BobFlags {
  kvwire::ServiceFlags service;
  std::string channel_listen;
  std::string algorithm;
  std::string weights;
  int64_t message_limit = int64_t{16} << 30;
};

void AddBobFlags(CLI::App& app, BobFlags& flags) {
  kvwire::AddServiceFlags(app, flags.service);
  app.add_option("--channel-listen", flags.channel_listen,
                 "HOST:PORT for Alice's channel alone; absent: on --listen");
  app.add_option("--algorithm-endpoint", flags.algorithm,
                 "HOST:PORT of Bob's algorithm process")
      ->required();
  app.add_option("--weights", flags.weights,
                 "safetensors file of a VAR transformer's weights");
  app.add_option("--message-limit", flags.message_limit, "most bytes of one message (16GiB)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
}

absl::StatusOr<int> RunBob(const BobFlags& flags) {
  // Callers wait for the connection to close on one of these, so there are more
  // threads than cores.
  constexpr int kWorkThreads = 32;
  KVWIRE_ASSIGN_OR_RETURN(const auto listen, kvwire::ParseEndpoint(flags.service.listen));
  KVWIRE_ASSIGN_OR_RETURN(const auto algorithm, kvwire::ParseEndpoint(flags.algorithm));
  KVWIRE_ASSIGN_OR_RETURN(auto model, kvwire::WeightsOfFlag(flags.weights));
  // The pool waits for its tasks when it ends, and they use the store.
  kvwire::MessageStore store(flags.message_limit);
  kvwire::WorkPool pool(kWorkThreads);
  kvwire::Endpoint channel;
  kvwire::OneWayChannelHost channel_service(store, pool, channel);
  kvwire::BobServiceHost bob_service(store, pool, algorithm, channel, std::move(model));
  if (flags.channel_listen.empty()) {
    return kvwire::Serve({{.label = "listening",
                           .endpoint = listen,
                           .services = {&bob_service, &channel_service},
                           .bound = &channel}},
                         flags.service);
  }
  KVWIRE_ASSIGN_OR_RETURN(const auto channel_listen,
                          kvwire::ParseEndpoint(flags.channel_listen));
  return kvwire::Serve(
      {{.label = "channel",
        .endpoint = channel_listen,
        .services = {&channel_service},
        .bound = &channel},
       {.label = "listening", .endpoint = listen, .services = {&bob_service}}},
      flags.service);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("kvwire-bob: reads Alice's bits back from her message");
  BobFlags flags;
  AddBobFlags(app, flags);
  if (const auto exit_code = kvwire::ParseServiceFlags(app, argc, argv)) return *exit_code;
  const auto exit_code = RunBob(flags);
  return exit_code.ok() ? *exit_code : kvwire::ServiceError(exit_code.status());
}
