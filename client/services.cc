#include "client/services.h"

#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/process_memory.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr absl::Duration kStartTime = absl::Seconds(30);

// Starts a service and keeps it in `own`.
absl::Status Launch(const std::string& role, const std::string& program,
                    std::vector<std::string> arguments, std::vector<OwnService>& own) {
  // The command itself says what went wrong.
  arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0", "--log-level", "off"});
  KVWIRE_ASSIGN_OR_RETURN(ServiceProcess process, ServiceProcess::Start(program, arguments));
  own.push_back({role, std::move(process)});
  return absl::OkStatus();
}

using Flags = std::vector<std::string>;

Flags Joined(Flags flags, const Flags& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// The flags with which a service of the command's own listens.
Flags TlsFlags(const std::optional<OwnCertificates>& certificates, const std::string& name) {
  return certificates.has_value() ? certificates->ListenFlags(name) : Flags{};
}

// Those with which it dials. A foreign algorithm process is dialled in plaintext.
Flags DialFlags(const std::optional<OwnCertificates>& certificates, bool foreign_algorithm) {
  if (!certificates.has_value()) return {};
  Flags flags = certificates->DialFlags();
  if (foreign_algorithm) flags.push_back("--algorithm-plaintext");
  return flags;
}

// Starts the algorithm processes that are not foreign, and says where both are.
absl::Status StartAlgorithms(const ServicesOptions& options, const Flags& common,
                             Services& services) {
  struct Party {
    const std::string& foreign;  // HOST:PORT, or empty
    const char* role;
    const char* certificate;
    std::optional<Endpoint>& endpoint;
  };
  const Party parties[] = {
      {options.alice_algorithm, "alice_algorithm", "alice-algorithm",
       services.alice_algorithm},
      {options.bob_algorithm, "bob_algorithm", "bob-algorithm", services.bob_algorithm}};
  for (const Party& party : parties) {
    if (!party.foreign.empty()) continue;
    const Flags tls = TlsFlags(services.own_certificates, party.certificate);
    KVWIRE_RETURN_IF_ERROR(
        Launch(party.role, "kvwire-algorithm", Joined(common, tls), services.own));
  }
  size_t started = 0;
  for (const Party& party : parties) {
    if (party.foreign.empty()) {
      KVWIRE_ASSIGN_OR_RETURN(party.endpoint,
                              services.own[started++].process.WaitListening(kStartTime));
    } else {
      KVWIRE_ASSIGN_OR_RETURN(party.endpoint, ParseEndpoint(party.foreign));
    }
  }
  return absl::OkStatus();
}

// Starts Alice and Bob, whose algorithm processes are there.
absl::Status StartParties(const ServicesOptions& options, const Flags& common,
                          Services& services) {
  const std::optional<OwnCertificates>& certificates = services.own_certificates;
  Flags alice = Joined(common, {"--algorithm-endpoint", services.alice_algorithm->ToString()});
  alice = Joined(alice, TlsFlags(certificates, "alice"));
  alice = Joined(alice, DialFlags(certificates, !options.alice_algorithm.empty()));
  if (certificates.has_value()) {
    services.key_log = certificates->key_log();
    alice = Joined(alice, {"--tls-key-log", services.key_log});
  }
  Flags bob = Joined(common, {"--algorithm-endpoint", services.bob_algorithm->ToString(),
                              "--channel-listen", "127.0.0.1:0"});
  bob = Joined(bob, TlsFlags(certificates, "bob"));
  bob = Joined(bob, DialFlags(certificates, !options.bob_algorithm.empty()));
  const size_t before = services.own.size();
  KVWIRE_RETURN_IF_ERROR(Launch("alice", "kvwire-alice", alice, services.own));
  KVWIRE_RETURN_IF_ERROR(Launch("bob", "kvwire-bob", bob, services.own));
  KVWIRE_ASSIGN_OR_RETURN(services.alice,
                          services.own[before].process.WaitListening(kStartTime));
  KVWIRE_ASSIGN_OR_RETURN(services.bob,
                          services.own[before + 1].process.WaitListening(kStartTime));
  return absl::OkStatus();
}

absl::StatusOr<Services> StartOwn(const ServicesOptions& options) {
  Services services;
  services.timeout = options.timeout;
  if (options.own_tls) {
    KVWIRE_ASSIGN_OR_RETURN(services.own_certificates, OwnCertificates::Create());
  }
  const std::string threads = absl::StrCat("--threads=", options.threads);
  KVWIRE_RETURN_IF_ERROR(StartAlgorithms(options, {threads}, services));
  Flags both = {threads};
  if (!options.weights.empty()) both = Joined(both, {"--weights", options.weights});
  KVWIRE_RETURN_IF_ERROR(StartParties(options, both, services));
  // Last: gRPC does not fork well.
  if (options.own_tls) {
    KVWIRE_ASSIGN_OR_RETURN(services.security,
                            ChannelSecurity::Create(services.own_certificates->driver()));
  }
  return services;
}

absl::Status CheckTls(const ServicesOptions& options) {
  const ClientTls& tls = options.tls;
  KVWIRE_RETURN_IF_ERROR(CheckClientTls(tls));
  if (options.alice.empty() && tls.enabled()) {
    return absl::InvalidArgumentError(
        "--cacert and what goes with it are for running services; those of the command's own "
        "speak TLS with --tls");
  }
  if (!options.alice.empty() && options.own_tls) {
    return absl::InvalidArgumentError(
        "--tls is for services of the command's own; running ones take --cacert, --cert and "
        "--key");
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::pair<std::string, int64_t>> PeakMemory(const Services& services) {
  std::vector<std::pair<std::string, int64_t>> peaks;
  for (const OwnService& own : services.own) {
    const std::optional<int64_t> peak = PeakMemoryBytes(own.process.pid());
    if (peak.has_value()) peaks.emplace_back(own.role, *peak);
  }
  const std::optional<int64_t> peak = PeakMemoryBytes(0);
  if (!peaks.empty() && peak.has_value()) peaks.emplace_back("driver", *peak);
  return peaks;
}

absl::StatusOr<bool> Services::Revive() {
  bool any = false;
  for (OwnService& service : own) {
    if (service.process.Running()) continue;
    std::cerr << service.role << " has ended; it is started again" << std::endl;
    KVWIRE_RETURN_IF_ERROR(service.process.Restart(kStartTime));
    any = true;
  }
  return any;
}

absl::StatusOr<Services> PrepareServices(const ServicesOptions& options) {
  if (options.alice.empty() != options.bob.empty()) {
    return absl::InvalidArgumentError("--alice and --bob go together: give both or neither");
  }
  const bool foreign = !options.alice_algorithm.empty() || !options.bob_algorithm.empty();
  if (!options.alice.empty() && foreign) {
    return absl::InvalidArgumentError(
        "--alice-algorithm and --bob-algorithm are for services of the command's own; running "
        "services have their own --algorithm-endpoint");
  }
  if (options.alice.empty() && !options.channel.empty()) {
    return absl::InvalidArgumentError(
        "--channel is for running services: where a Bob of the command's own listens is not "
        "known before he is started");
  }
  if (options.timeout <= absl::ZeroDuration() || options.timeout > absl::Hours(1)) {
    return absl::InvalidArgumentError("--timeout must be above 0 and at most 1h");
  }
  KVWIRE_RETURN_IF_ERROR(CheckTls(options));
  for (const std::string& endpoint : {options.alice_algorithm, options.bob_algorithm}) {
    if (!endpoint.empty()) KVWIRE_RETURN_IF_ERROR(ParseEndpoint(endpoint).status());
  }
  if (options.alice.empty()) return StartOwn(options);
  Services services;
  services.timeout = options.timeout;
  KVWIRE_ASSIGN_OR_RETURN(services.alice, ParseEndpoint(options.alice));
  KVWIRE_ASSIGN_OR_RETURN(services.bob, ParseEndpoint(options.bob));
  KVWIRE_ASSIGN_OR_RETURN(services.security, ChannelSecurity::Create(options.tls));
  if (!options.channel.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(services.channel, ParseEndpoint(options.channel));
  }
  return services;
}

}  // namespace kvwire
