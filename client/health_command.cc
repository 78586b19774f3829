#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/commands.h"
#include "client/tls/tls_options.h"
#include "common/base/status_macros.h"
#include "common/wire/channels.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace kvwire {
namespace {

// One check within `limit`.
bool IsServing(grpc::health::v1::Health::Stub& stub, absl::Duration limit) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + limit));
  context.set_wait_for_ready(true);
  grpc::health::v1::HealthCheckResponse response;
  return stub.Check(&context, {}, &response).ok() &&
         response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

absl::StatusOr<int> HealthCommand(const std::string& target, double wait_seconds,
                                  const ClientTls& tls) {
  constexpr absl::Duration kOneCheck = absl::Seconds(2);
  KVWIRE_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(target));
  // CLI::Range lets a NaN through.
  if (std::isnan(wait_seconds)) {
    return absl::InvalidArgumentError("--wait is a number of seconds");
  }
  KVWIRE_ASSIGN_OR_RETURN(const ChannelSecurity security, ChannelSecurity::Create(tls));
  const auto stub = grpc::health::v1::Health::NewStub(ControlChannel(endpoint, security));
  const absl::Time deadline = absl::Now() + absl::Seconds(wait_seconds);
  do {
    if (IsServing(*stub, std::max(kOneCheck, deadline - absl::Now()))) {
      std::cout << endpoint.ToString() << " is serving" << std::endl;
      return 0;
    }
    // Connecting waits by itself; a service that answers NOT_SERVING does not.
    absl::SleepFor(absl::Milliseconds(50));
  } while (absl::Now() < deadline);
  return absl::UnavailableError(absl::StrCat(endpoint.ToString(), " is not serving"));
}

}  // namespace

Command AddHealthCommand(CLI::App& app) {
  app.description(
      "Asks a service whether it is serving: exit 0 if so, 78 if not.\n"
      "  kvwire health 127.0.0.1:7001 --wait 10");
  const auto target = std::make_shared<std::string>();
  const auto wait_seconds = std::make_shared<double>(0);
  const auto tls = std::make_shared<ClientTls>();
  app.add_option("endpoint", *target, "HOST:PORT")
      ->required()
      ->envname("KVWIRE_HEALTH_ENDPOINT");
  app.add_option("--wait", *wait_seconds, "seconds to wait until it serves")
      ->check(CLI::Range(0.0, 86400.0));
  AddTlsOptions(app, *tls);
  return [target, wait_seconds, tls] { return HealthCommand(*target, *wait_seconds, *tls); };
}

}  // namespace kvwire
