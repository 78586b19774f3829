// kvwire-bob: receives Alice's message on the one-way channel and answers the
// driver's questions from it.

#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "server/bob/bob_channel_service.h"
#include "server/bob/bob_message_store.h"
#include "server/bob/bob_service.h"
#include "server/process/service_main.h"

namespace {

struct BobFlags {
  kvwire::ServiceFlags service;
  std::string channel_listen;
  std::string algorithm;
  kvwire::DialFlags dial;
  std::string driver = kvwire::kDriverName;
  std::string alice = kvwire::kAliceName;
  std::string weights;
  std::string spool;
  int64_t message_limit = int64_t{16} << 30;
  int64_t memory_budget = 0;
};

void AddBobFlags(CLI::App& app, BobFlags& flags) {
  kvwire::AddServiceFlags(app, flags.service);
  app.add_option("--channel-listen", flags.channel_listen,
                 "HOST:PORT for Alice's channel alone; absent: on --listen");
  app.add_option("--algorithm-endpoint", flags.algorithm,
                 "HOST:PORT of Bob's algorithm process")
      ->required();
  kvwire::AddMemoryBudgetFlag(app, flags.memory_budget);
  kvwire::AddDialFlags(app, flags.dial, "his algorithm process");
  kvwire::AddCallerFlag(app, "--driver-san", "the driver", flags.driver);
  kvwire::AddCallerFlag(app, "--alice-san", "Alice", flags.alice);
  app.add_option("--weights", flags.weights,
                 "safetensors file of a VAR transformer's weights");
  app.add_option("--spool", flags.spool,
                 "directory that keeps messages when Bob ends; absent: they end with him");
  app.add_option("--message-limit", flags.message_limit, "most bytes of one message (16GiB)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
}

absl::StatusOr<std::unique_ptr<kvwire::Spool>> OpenSpool(const std::string& directory) {
  if (directory.empty()) return std::make_unique<kvwire::Spool>();
  return kvwire::Spool::Open(directory);
}

std::vector<kvwire::MetricGauge> GaugesOf(const kvwire::MessageStore& store,
                                          const kvwire::MemoryBudget& memory) {
  return {{"kvwire_messages_held", "Messages of Alice that Bob holds.",
           [&store] { return static_cast<double>(store.size()); }},
          {"kvwire_memory_booked_bytes", "Memory booked for requests and answers.",
           [&memory] { return static_cast<double>(memory.used_bytes()); }}};
}

absl::StatusOr<int> RunBob(const BobFlags& flags) {
  // Callers wait for the connection to close on one of these, so there are more
  // threads than cores.
  constexpr int kWorkThreads = 32;
  KVWIRE_ASSIGN_OR_RETURN(const auto listen, kvwire::ParseEndpoint(flags.service.listen));
  KVWIRE_ASSIGN_OR_RETURN(const auto algorithm, kvwire::ParseEndpoint(flags.algorithm));
  KVWIRE_ASSIGN_OR_RETURN(auto model, kvwire::WeightsOfFlag(flags.weights));
  KVWIRE_ASSIGN_OR_RETURN(const auto security,
                          kvwire::DialSecurityOf(flags.dial, flags.service.tls));
  KVWIRE_ASSIGN_OR_RETURN(auto spool, OpenSpool(flags.spool));
  // The pool waits for its tasks when it ends, and they use the store and the memory.
  kvwire::MessageStore store(flags.message_limit, std::move(spool));
  KVWIRE_RETURN_IF_ERROR(store.Recover());
  kvwire::MemoryBudget memory(flags.memory_budget);
  kvwire::WorkPool pool(kWorkThreads);
  kvwire::Endpoint channel;
  kvwire::OneWayChannelHost channel_service(store, pool, memory, channel);
  kvwire::BobServiceHost bob_service(store, pool, memory, algorithm, channel, std::move(model),
                                     security.algorithm);
  // The driver asks about a message after it has come, and then closes the run.
  const kvwire::ServiceHooks hooks{.gauges = GaugesOf(store, memory),
                                   .busy = [&store] { return store.HoldsAny(); }};
  const kvwire::ServedService to_driver{
      &bob_service, kvwire::v1::BobService::service_full_name(), flags.driver};
  const kvwire::ServedService to_alice{
      &channel_service, kvwire::v1::OneWayChannelService::service_full_name(), flags.alice};
  if (flags.channel_listen.empty()) {
    return kvwire::Serve({{.label = "listening",
                           .endpoint = listen,
                           .services = {to_driver, to_alice},
                           .bound = &channel}},
                         flags.service, hooks);
  }
  KVWIRE_ASSIGN_OR_RETURN(const auto channel_listen,
                          kvwire::ParseEndpoint(flags.channel_listen));
  return kvwire::Serve({{.label = "channel",
                         .endpoint = channel_listen,
                         .services = {to_alice},
                         .bound = &channel},
                        {.label = "listening", .endpoint = listen, .services = {to_driver}}},
                       flags.service, hooks);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("kvwire-bob: reads Alice's bits back from her message");
  BobFlags flags;
  AddBobFlags(app, flags);
  if (const auto exit_code = kvwire::ParseServiceFlags(app, flags.service, argc, argv))
    return *exit_code;
  const auto exit_code = RunBob(flags);
  return exit_code.ok() ? *exit_code : kvwire::ServiceError(exit_code.status());
}
