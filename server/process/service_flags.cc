#include "server/process/service_flags.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/transport_tuning.h"
#include "server/process/end_signals.h"

namespace kvwire {
namespace {

// Why `text` is not such a duration; empty if it is.
std::string DurationFault(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
      duration <= absl::Hours(24)) {
    return "";
  }
  return text + " is no duration above 0 and up to 24h";
}

void AddDuration(CLI::App& app, const std::string& flag, absl::Duration& duration,
                 const std::string& meaning) {
  app.add_option_function<std::string>(
         flag, [&duration](const std::string& text) { absl::ParseDuration(text, &duration); },
         meaning)
      ->check(DurationFault)
      ->default_str(absl::FormatDuration(duration));
}

const std::map<std::string, LogLevel> kLogLevels = {{"debug", LogLevel::kDebug},
                                                    {"info", LogLevel::kInfo},
                                                    {"warning", LogLevel::kWarning},
                                                    {"error", LogLevel::kError},
                                                    {"off", LogLevel::kOff}};

void AddLimitFlags(CLI::App& app, ServiceFlags& flags) {
  app.add_option(
         "--transport-memory", flags.transport_memory_bytes,
         "most bytes of calls' messages on their way in or out; those that need more end")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(int64_t{16} << 20, int64_t{1} << 40))
      ->default_str("256MiB");
  app.add_option("--streams-per-connection", flags.streams_per_connection,
                 "calls that one connection may have under way; further ones wait")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  AddDuration(app, "--idle-timeout", flags.idle_timeout,
              "how long a caller may keep a call waiting");
  AddDuration(app, "--handshake-timeout", flags.handshake_timeout,
              "how long a new connection may take to say what it wants");
  AddDuration(app, "--drain-time", flags.drain_time,
              "how long calls under way may take after SIGTERM");
}

void AddWatchFlags(CLI::App& app, ServiceFlags& flags) {
  app.add_option("--metrics", flags.metrics,
                 "HOST:PORT where Prometheus finds /metrics, in plaintext; absent: nowhere");
  app.add_option("--log-level", flags.log_level,
                 "least level of what is reported on stderr, as JSON lines")
      ->transform(CLI::CheckedTransformer(kLogLevels, CLI::ignore_case))
      ->default_str("info");
}

}  // namespace

void AddServiceFlags(CLI::App& app, ServiceFlags& flags) {
  app.add_option("--listen", flags.listen, "HOST:PORT to serve on; port 0: the system picks")
      ->capture_default_str();
  app.add_flag("--insecure-bind", flags.insecure_bind,
               "allow listening on other than loopback addresses without --tls-cert");
  app.add_option("--tls-cert", flags.tls.cert_file,
                 "speak TLS with this certificate (PEM, with its chain)");
  app.add_option("--tls-key", flags.tls.key_file, "its private key");
  app.add_option("--tls-client-ca", flags.tls.client_ca_file,
                 "serve only callers with a certificate that this CA signed");
  app.add_option("--threads", flags.threads, "threads for computing; 0: one a core")
      ->check(CLI::Range(0, 1024));
  AddLimitFlags(app, flags);
  AddWatchFlags(app, flags);
}

void AddMemoryBudgetFlag(CLI::App& app, int64_t& bytes) {
  bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE) / 2;
  app.add_option("--memory-budget", bytes,
                 "most bytes that all callers together may take (64MiB, 2GiB, ...)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber)
      ->default_str("half of the memory");
}

void AddCallerFlag(CLI::App& app, const std::string& flag, const std::string& who,
                   std::string& caller) {
  app.add_option(
         flag, caller,
         absl::StrCat("with --tls-client-ca: the name that ", who, "'s certificate must have"))
      ->capture_default_str()
      ->needs("--tls-client-ca");
}

std::optional<int> ParseServiceFlags(CLI::App& app, const ServiceFlags& flags, int argc,
                                     char** argv) {
  TuneProcess();
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  StartEventLog(program_invocation_short_name, flags.log_level);
  return std::nullopt;
}

int ServiceError(const absl::Status& status) {
  std::cerr << "error: " << status.message() << std::endl;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

void AddDialFlags(CLI::App& app, DialFlags& flags, const std::string& peer) {
  app.add_option("--cacert", flags.tls.ca_file,
                 "dial by TLS, and only who shows a certificate that this CA signed");
  app.add_option("--cert", flags.tls.cert_file,
                 "certificate to show when dialling; absent: --tls-cert");
  app.add_option("--key", flags.tls.key_file, "its private key");
  app.add_option(
      "--servername", flags.tls.server_name,
      absl::StrCat("name on the certificate of ", peer, "; absent: the host dialled"));
  app.add_option("--tls-key-log", flags.tls.key_log_file,
                 absl::StrCat("write the session keys of connections to ", peer,
                              " to this file: who reads it reads all"));
  app.add_flag("--algorithm-plaintext", flags.algorithm_plaintext,
               "the algorithm process speaks no TLS, whatever --cacert says");
}

absl::StatusOr<DialSecurity> DialSecurityOf(const DialFlags& flags, const ServerTls& own) {
  ClientTls peer = flags.tls;
  if (peer.enabled() && peer.cert_file.empty() && peer.key_file.empty()) {
    peer.cert_file = own.cert_file;
    peer.key_file = own.key_file;
  }
  DialSecurity security;
  KVWIRE_ASSIGN_OR_RETURN(security.peer, ChannelSecurity::Create(peer));
  if (flags.algorithm_plaintext) return security;
  ClientTls algorithm = peer;
  algorithm.server_name.clear();
  algorithm.key_log_file.clear();
  KVWIRE_ASSIGN_OR_RETURN(security.algorithm, ChannelSecurity::Create(algorithm));
  return security;
}

}  // namespace kvwire
