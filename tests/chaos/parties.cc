#include "tests/chaos/parties.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr absl::Duration kStartTime = absl::Seconds(30);

}  // namespace

std::string PartyName(Party party) {
  switch (party) {
    case Party::kAliceAlgorithm:
      return "Alice's algorithm";
    case Party::kBobAlgorithm:
      return "Bob's algorithm";
    case Party::kAlice:
      return "Alice";
    case Party::kBob:
      return "Bob";
  }
  return "nobody";
}

absl::Status Parties::Launch(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(),
                   {"--threads", "1", "--listen", "127.0.0.1:0", "--log-level", "off"});
  KVWIRE_ASSIGN_OR_RETURN(ServiceProcess process, ServiceProcess::Start(program, arguments));
  KVWIRE_ASSIGN_OR_RETURN(endpoints_[processes_.size()], process.WaitListening(kStartTime));
  processes_.push_back(std::move(process));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Parties>> Parties::Start(int64_t chunk_bytes) {
  std::unique_ptr<Parties> parties(new Parties());
  std::string name = (std::filesystem::temp_directory_path() / "kvwire-chaos-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return absl::UnknownError(absl::StrCat("no directory ", name));
  }
  parties->spool_ = name;
  for (int k = 0; k < 2; ++k) {
    KVWIRE_RETURN_IF_ERROR(parties->Launch("kvwire-algorithm", {}));
  }
  const auto to_algorithm = [&](Party party) {
    return std::vector<std::string>{
        "--algorithm-endpoint", parties->endpoints_[static_cast<size_t>(party)].ToString()};
  };
  std::vector<std::string> alice = to_algorithm(Party::kAliceAlgorithm);
  alice.insert(alice.end(), {"--chunk-bytes", absl::StrCat(chunk_bytes)});
  KVWIRE_RETURN_IF_ERROR(parties->Launch("kvwire-alice", alice));
  std::vector<std::string> bob = to_algorithm(Party::kBobAlgorithm);
  bob.insert(bob.end(), {"--channel-listen", "127.0.0.1:0", "--spool", name});
  KVWIRE_RETURN_IF_ERROR(parties->Launch("kvwire-bob", bob));
  parties->channel_ = parties->processes_.back().Printed("channel");
  return parties;
}

Parties::~Parties() {
  processes_.clear();
  if (!spool_.empty()) std::filesystem::remove_all(spool_);
}

Services Parties::Where(const Endpoint& channel, absl::Duration patience) const {
  Services services;
  services.alice = endpoints_[static_cast<size_t>(Party::kAlice)];
  services.bob = endpoints_[static_cast<size_t>(Party::kBob)];
  services.channel = channel;
  services.timeout = patience;
  return services;
}

void Parties::Kill(Party party) { kill(Pid(party), SIGKILL); }

absl::Status Parties::Restart(Party party) {
  ServiceProcess& process = processes_[static_cast<size_t>(party)];
  while (process.Running()) continue;
  return process.Restart(kStartTime);
}

std::vector<std::string> Parties::SpoolFiles() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(spool_)) {
    const std::string name = entry.path().filename().string();
    if (absl::EndsWith(name, ".part") || absl::EndsWith(name, ".message")) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace kvwire
