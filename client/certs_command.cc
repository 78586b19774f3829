#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "client/commands.h"
#include "client/end_signals.h"
#include "client/exit_code.h"
#include "client/tls/certificate_folder.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct CertsOptions {
  CertificateFolderOptions folder;
  int days = 30;
  bool expired = false;
  bool check = false;
  std::string renew;  // how often; empty: once
};

constexpr absl::Duration kDay = absl::Hours(24);
const absl::Duration kAuthorityLifetime = 10 * 366 * kDay;
// Clocks differ a little.
constexpr absl::Duration kSkew = absl::Minutes(5);

// A signal between a key and its certificate would leave two that do not go together.
absl::StatusOr<std::vector<std::string>> WriteWhole(const CertificateFolderOptions& folder) {
  const HeldOffEnd end;
  return WriteCertificates(folder);
}

absl::Status WriteOnce(CertsOptions options) {
  const absl::Time now = absl::Now();
  const absl::Duration length = options.days * kDay;
  options.folder.validity = {.begin = now - kSkew, .end = now + length};
  if (options.expired) {
    options.folder.validity = {.begin = now - kSkew - length, .end = now - kSkew};
  }
  options.folder.authority_validity = {.begin = now - kSkew, .end = now + kAuthorityLifetime};
  options.folder.hosts.insert(options.folder.hosts.end(), {"localhost", "127.0.0.1", "::1"});
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<std::string> files, WriteWhole(options.folder));
  for (const std::string& file : files) std::cout << file << '\n';
  std::cout << std::flush;
  return absl::OkStatus();
}

absl::StatusOr<int> CertsCommand(const CertsOptions& options) {
  if (options.check) {
    KVWIRE_RETURN_IF_ERROR(CheckCertificates(options.folder));
    return kExitGood;
  }
  if (options.renew.empty()) {
    KVWIRE_RETURN_IF_ERROR(WriteOnce(options));
    return kExitGood;
  }
  absl::Duration pause;
  if (!absl::ParseDuration(options.renew, &pause) || pause <= absl::ZeroDuration() ||
      pause >= options.days * kDay) {
    return absl::InvalidArgumentError(
        "--renew is a duration like 12h, above 0 and shorter than the certificates hold");
  }
  while (true) {
    KVWIRE_RETURN_IF_ERROR(WriteOnce(options));
    absl::SleepFor(pause);
  }
}

}  // namespace

Command AddCertsCommand(CLI::App& app) {
  app.description(
      "Makes a test CA and certificates for driver, Alice, Bob and their algorithm "
      "processes.\n"
      "Run again it signs new ones with the same CA; running services take them up.\n"
      "  kvwire certs --output certs --host 10.0.0.7\n"
      "  kvwire-algorithm --tls-cert certs/bob-algorithm.crt --tls-key "
      "certs/bob-algorithm.key "
      "--tls-client-ca certs/ca.crt");
  const auto options = std::make_shared<CertsOptions>();
  app.add_option("--output", options->folder.folder, "folder for ca.crt, ca.key and the rest")
      ->required();
  app.add_option(
         "--host", options->folder.hosts,
         "name or address where a service is reached, besides localhost; may be repeated")
      ->take_all();
  app.add_flag("--party-folders", options->folder.party_folders,
               "a folder NAME for each party, with tls.crt, tls.key and ca.crt, and not files "
               "NAME.crt and NAME.key");
  app.add_option("--renew", options->renew,
                 "stay, and sign new ones as often as this says (12h), until stopped");
  app.add_flag(
         "--check", options->check,
         "write nothing: exit with 0 if all files are there and go together, else with 2")
      ->excludes("--renew");
  app.add_option("--days", options->days, "how long the certificates hold")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  app.add_flag("--expired", options->expired,
               "certificates that have just run out, to test who accepts them");
  return [options] { return CertsCommand(*options); };
}

}  // namespace kvwire
