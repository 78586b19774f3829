#ifndef KVWIRE_SERVER_PROCESS_SERVICE_FLAGS_H_
#define KVWIRE_SERVER_PROCESS_SERVICE_FLAGS_H_

// The flags that services share.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/tls_files.h"
#include "server/calls/event_log.h"
#include "server/process/dial_security.h"

namespace kvwire {

// What kvwire certs names the parties' certificates.
inline constexpr char kDriverName[] = "kvwire-driver";
inline constexpr char kAliceName[] = "kvwire-alice";

struct ServiceFlags {
  std::string listen = "127.0.0.1:0";
  bool insecure_bind = false;
  int threads = 0;
  ServerTls tls;
  std::string metrics;  // HOST:PORT; empty: none
  LogLevel log_level = LogLevel::kInfo;
  int streams_per_connection = 128;
  int64_t transport_memory_bytes = int64_t{256} << 20;
  absl::Duration idle_timeout = absl::Minutes(15);
  absl::Duration handshake_timeout = absl::Seconds(20);
  absl::Duration drain_time = absl::Seconds(30);
};

// Declares the flags that every service has.
void AddServiceFlags(CLI::App& app, ServiceFlags& flags);

// Declares --memory-budget: what all that callers make the service hold may take. `bytes` is
// set to its default, half of the machine's memory, here.
void AddMemoryBudgetFlag(CLI::App& app, int64_t& bytes);

// Declares a flag for the name that callers' certificates must have. `caller` is set to its
// default here already.
void AddCallerFlag(CLI::App& app, const std::string& flag, const std::string& who,
                   std::string& caller);

// Parses the command line and starts the event log, having first blocked the signals that
// Serve waits for, so that every later thread has them blocked too. Returns the exit code (0
// after
// --help, 2 after a usage error) if the program must end.
std::optional<int> ParseServiceFlags(CLI::App& app, const ServiceFlags& flags, int argc,
                                     char** argv);

// Prints an error and returns its exit code: 2 for a bad value, 1 otherwise.
int ServiceError(const absl::Status& status);

// How a service secures the channels that it opens itself.
struct DialFlags {
  ClientTls tls;
  bool algorithm_plaintext = false;
};

// Declares --cacert, --cert, --key, --servername, --tls-key-log and --algorithm-plaintext.
// `peer` is whose certificate --servername is about.
void AddDialFlags(CLI::App& app, DialFlags& flags, const std::string& peer);

// What `flags` say. Without --cert the service shows the certificate that it listens with.
// Errors as CheckClientTls.
absl::StatusOr<DialSecurity> DialSecurityOf(const DialFlags& flags, const ServerTls& own);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_SERVICE_FLAGS_H_
