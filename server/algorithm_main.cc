// kvwire-algorithm: the built-in KV-cache compression algorithms as a service.

#include <unistd.h>

#include "common/base/status_macros.h"
#include "server/algorithm_service.h"
#include "server/service_main.h"

namespace {

int64_t HalfOfPhysicalMemory() {
  return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE) / 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("kvwire-algorithm: KV-cache compression algorithms as a service");
  kvwire::ServiceFlags flags;
  kvwire::AddServiceFlags(app, flags);
  int64_t memory_limit = HalfOfPhysicalMemory();
  app.add_option("--memory-limit", memory_limit,
                 "most bytes one session's state may take (64MiB, 2GiB, ...)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber)
      ->default_str("half of the memory");
  if (const auto exit_code = kvwire::ParseServiceFlags(app, argc, argv)) return *exit_code;
  const auto endpoint = kvwire::ParseEndpoint(flags.listen);
  if (!endpoint.ok()) return kvwire::ServiceError(endpoint.status());
  kvwire::AlgorithmServiceHost service(memory_limit);
  return kvwire::Serve({{.label = "listening", .endpoint = *endpoint, .services = {&service}}},
                       flags);
}
