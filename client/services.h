#ifndef KVWIRE_CLIENT_SERVICES_H_
#define KVWIRE_CLIENT_SERVICES_H_

// The services a command works with: running ones, or its own.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/service_process.h"
#include "client/tls/own_certificates.h"
#include "common/wire/endpoint.h"
#include "common/wire/transport_security.h"

namespace kvwire {

struct ServicesOptions {
  std::string alice;            // HOST:PORT; empty: own services
  std::string bob;              // likewise; both or neither
  std::string channel;          // what Alice dials; empty: what Bob reports
  std::string alice_algorithm;  // foreign algorithm servers for own services
  std::string bob_algorithm;
  std::string weights;   // for own services: a file that they are started with
  ClientTls tls;         // for running services
  bool own_tls = false;  // own services speak mutual TLS
  absl::Duration timeout = absl::Seconds(10);
  int threads = 0;
};

// A service of the command's own, and whose it is: "alice", "bob", "alice_algorithm" or
// "bob_algorithm".
struct OwnService {
  std::string role;
  ServiceProcess process;
};

struct Services {
  Endpoint alice;
  Endpoint bob;
  std::optional<Endpoint> channel;
  // Where services of the command's own have their algorithms; absent for others.
  std::optional<Endpoint> alice_algorithm;
  std::optional<Endpoint> bob_algorithm;
  absl::Duration timeout;
  ChannelSecurity security;  // for dialling Alice and Bob, and own algorithm processes
  std::string key_log;  // where session keys of Alice's connection to Bob are; empty: none
  std::optional<OwnCertificates> own_certificates;
  std::vector<OwnService> own;  // ended with this

  // Starts those of our own that have ended again; returns whether there were any. UNKNOWN
  // if one does not start.
  absl::StatusOr<bool> Revive();
};

// The most memory, in bytes, that this process ("driver") and each of the services of its
// own ever had. Empty without services of its own.
std::vector<std::pair<std::string, int64_t>> PeakMemory(const Services& services);

// Starts what must be started, on loopback ports that the system picks. Returns
// INVALID_ARGUMENT on options that do not go together, UNKNOWN if a service of its
// own does not start.
absl::StatusOr<Services> PrepareServices(const ServicesOptions& options);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_SERVICES_H_
