#ifndef KVWIRE_SERVER_PROCESS_SERVICE_MAIN_H_
#define KVWIRE_SERVER_PROCESS_SERVICE_MAIN_H_

// What the mains of all services share: listening, health, metrics, draining.

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <string>
#include <vector>

#include "common/wire/endpoint.h"
#include "server/process/service_flags.h"
#include "server/process/service_metrics.h"

namespace kvwire {

// A service, by its full name, and who may call it where callers show certificates: those
// that name `caller`; anyone whose certificate counts, if that is empty.
struct ServedService {
  grpc::Service* service = nullptr;
  std::string name;
  std::string caller;
};

// One port. `label` is what stands before HOST:PORT on stdout once it serves. The
// actual port, chosen by the system where the endpoint's is 0, is written to
// `bound` before any call is served.
struct Listener {
  std::string label;
  Endpoint endpoint;
  std::vector<ServedService> services;
  Endpoint* bound = nullptr;
};

// What a service has to say of itself, all of it called from any thread.
struct ServiceHooks {
  std::vector<MetricGauge> gauges;     // beside the metrics that all services have
  std::function<void()> tidy = [] {};  // called every few seconds
  // Whether something is under way that further calls must bring to its end.
  std::function<bool()> busy = [] { return false; };
};

// Serves all listeners until SIGTERM or SIGINT, then turns the health service to
// NOT_SERVING and begins nothing new (draining.h). While it is busy, but no longer than
// flags.drain_time, it serves what is under way; then it takes no more calls, lets those
// that it has finish within what is left of the time, and returns 143 or 130. A second
// signal ends the process at once.
// Returns 1 if a port cannot be had; 2 if one is not on loopback and neither flags.tls nor
// flags.insecure_bind is set, or the files of flags.tls do not do.
int Serve(const std::vector<Listener>& listeners, const ServiceFlags& flags,
          const ServiceHooks& hooks = {});

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_SERVICE_MAIN_H_
