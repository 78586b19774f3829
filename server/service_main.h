#ifndef KVWIRE_SERVER_SERVICE_MAIN_H_
#define KVWIRE_SERVER_SERVICE_MAIN_H_

// What the mains of all services share: flags, listening, health, draining.

#include <grpcpp/impl/service_type.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/endpoint.h"

namespace kvwire {

struct ServiceFlags {
  std::string listen = "127.0.0.1:0";
  bool insecure_bind = false;
  int threads = 0;
};

// Declares the flags that every service has.
void AddServiceFlags(CLI::App& app, ServiceFlags& flags);

// Parses the command line, having first tuned the process (transport_tuning.h) and
// blocked the signals that Serve waits for, so that every later thread has them blocked
// too. Returns the exit code (0 after
// --help, 2 after a usage error) if the program must end.
std::optional<int> ParseServiceFlags(CLI::App& app, int argc, char** argv);

// Prints an error and returns its exit code: 2 for a bad value, 1 otherwise.
int ServiceError(const absl::Status& status);

// One port. `label` is what stands before HOST:PORT on stdout once it serves. The
// actual port, chosen by the system where the endpoint's is 0, is written to
// `bound` before any call is served.
struct Listener {
  std::string label;
  Endpoint endpoint;
  std::vector<grpc::Service*> services;
  Endpoint* bound = nullptr;
};

// Serves all listeners until SIGTERM or SIGINT, then turns the health service to
// NOT_SERVING, lets calls under way finish (30 s at most) and returns 143 or 130.
// Returns 1 if a port cannot be had, 2 if one is not on loopback and
// flags.insecure_bind is not set.
int Serve(const std::vector<Listener>& listeners, const ServiceFlags& flags);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_SERVICE_MAIN_H_
