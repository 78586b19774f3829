// kvwire-alice: streams the driver's bits through an algorithm and sends its memory
// to Bob.

#include "common/base/status_macros.h"
#include "server/alice/alice_service.h"
#include "server/process/service_main.h"

namespace {

struct AliceFlags {
  kvwire::ServiceFlags service;
  std::string algorithm;
  kvwire::DialFlags dial;
  std::string driver = kvwire::kDriverName;
  kvwire::AliceLimits limits{.runs_per_peer = 8};
  std::string weights;
  int64_t chunk_bytes = 0;
};

void AddAliceFlags(CLI::App& app, AliceFlags& flags) {
  kvwire::AddServiceFlags(app, flags.service);
  app.add_option("--algorithm-endpoint", flags.algorithm,
                 "HOST:PORT of Alice's algorithm process")
      ->required();
  kvwire::AddDialFlags(app, flags.dial, "Bob");
  kvwire::AddCallerFlag(app, "--driver-san", "the driver", flags.driver);
  app.add_option("--runs-per-peer", flags.limits.runs_per_peer,
                 "runs that one caller may have under way, out of 16 in all")
      ->check(CLI::Range(1, kvwire::AliceAdmission::kMaxRuns))
      ->capture_default_str();
  kvwire::AddMemoryBudgetFlag(app, flags.limits.memory_budget_bytes);
  app.add_option("--weights", flags.weights,
                 "safetensors file of a VAR transformer's weights");
  app.add_option("--chunk-bytes", flags.chunk_bytes,
                 "bytes of a chunk on the channel; 0: 1 MiB, and 4 in long messages")
      ->check(CLI::Range(int64_t{0}, int64_t{4} << 20));
}

std::vector<kvwire::MetricGauge> GaugesOf(kvwire::AliceServiceHost& service) {
  return {{"kvwire_runs_open", "Runs under way.",
           [&service] { return static_cast<double>(service.admission().runs()); }},
          {"kvwire_memory_booked_bytes", "Memory booked for bits and requests.", [&service] {
             return static_cast<double>(service.admission().memory().used_bytes());
           }}};
}

absl::StatusOr<int> ServeAlice(const AliceFlags& flags) {
  KVWIRE_ASSIGN_OR_RETURN(const auto listen, kvwire::ParseEndpoint(flags.service.listen));
  KVWIRE_ASSIGN_OR_RETURN(const auto algorithm, kvwire::ParseEndpoint(flags.algorithm));
  KVWIRE_ASSIGN_OR_RETURN(auto model, kvwire::WeightsOfFlag(flags.weights));
  KVWIRE_ASSIGN_OR_RETURN(const auto security,
                          kvwire::DialSecurityOf(flags.dial, flags.service.tls));
  kvwire::AliceServiceHost service(algorithm, std::move(model), security, flags.limits,
                                   flags.chunk_bytes);
  const kvwire::ServedService to_driver{
      &service, kvwire::v1::AliceService::service_full_name(), flags.driver};
  return kvwire::Serve({{.label = "listening", .endpoint = listen, .services = {to_driver}}},
                       flags.service, {.gauges = GaugesOf(service)});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("kvwire-alice: sends bits to Bob through the memory of a KV cache");
  AliceFlags flags;
  AddAliceFlags(app, flags);
  if (const auto exit_code = kvwire::ParseServiceFlags(app, flags.service, argc, argv)) {
    return *exit_code;
  }
  const auto exit_code = ServeAlice(flags);
  return exit_code.ok() ? *exit_code : kvwire::ServiceError(exit_code.status());
}
