// kvwire-algorithm: the built-in KV-cache compression algorithms as a service.

#include "common/base/status_macros.h"
#include "server/algorithm/algorithm_service.h"
#include "server/process/service_main.h"

namespace {

struct AlgorithmFlags {
  kvwire::ServiceFlags service;
  kvwire::SessionLimits limits{.sessions_per_peer = 128};
  std::optional<int64_t> memory_limit;
};

void AddAlgorithmFlags(CLI::App& app, AlgorithmFlags& flags) {
  kvwire::AddServiceFlags(app, flags.service);
  kvwire::AddMemoryBudgetFlag(app, flags.limits.memory_budget_bytes);
  app.add_option("--memory-limit", flags.memory_limit,
                 "most bytes one session's state may take; absent: all of --memory-budget")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
  app.add_option("--sessions-per-peer", flags.limits.sessions_per_peer,
                 "sessions that one caller may have open, out of 256 in all")
      ->check(CLI::Range(1, int{kvwire::SessionLimits::kMaxSessions}))
      ->capture_default_str();
}

std::vector<kvwire::MetricGauge> GaugesOf(kvwire::AlgorithmSessions& sessions) {
  return {{"kvwire_sessions_open", "Sessions open.",
           [&sessions] { return static_cast<double>(sessions.size()); }},
          {"kvwire_memory_booked_bytes", "Memory booked for sessions and requests.",
           [&sessions] { return static_cast<double>(sessions.memory().used_bytes()); }}};
}

absl::StatusOr<int> ServeAlgorithm(AlgorithmFlags& flags) {
  KVWIRE_ASSIGN_OR_RETURN(const auto endpoint, kvwire::ParseEndpoint(flags.service.listen));
  flags.limits.memory_limit_bytes =
      flags.memory_limit.value_or(flags.limits.memory_budget_bytes);
  flags.limits.idle_time = flags.service.idle_timeout;
  kvwire::AlgorithmServiceHost service(flags.limits);
  kvwire::AlgorithmSessions& sessions = service.sessions();
  return kvwire::Serve(
      {{.label = "listening",
        .endpoint = endpoint,
        .services = {{.service = &service,
                      .name = kvwire::v1::AlgorithmService::service_full_name()}}}},
      flags.service,
      {.gauges = GaugesOf(sessions),
       .tidy = [&sessions] { sessions.DropIdle(); },
       .busy = [&sessions] { return sessions.busy(); }});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("kvwire-algorithm: KV-cache compression algorithms as a service");
  AlgorithmFlags flags;
  AddAlgorithmFlags(app, flags);
  if (const auto exit_code = kvwire::ParseServiceFlags(app, flags.service, argc, argv)) {
    return *exit_code;
  }
  const auto exit_code = ServeAlgorithm(flags);
  return exit_code.ok() ? *exit_code : kvwire::ServiceError(exit_code.status());
}
