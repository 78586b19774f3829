#ifndef KVWIRE_TESTS_CHAOS_PARTIES_H_
#define KVWIRE_TESTS_CHAOS_PARTIES_H_

// Alice, Bob with a spool, and their algorithms as processes that may be killed.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/service_process.h"
#include "client/services.h"

namespace kvwire {

enum class Party { kAliceAlgorithm, kBobAlgorithm, kAlice, kBob };
inline constexpr int kParties = 4;
std::string PartyName(Party party);

class Parties {
 public:
  // Starts all four; Bob's spool is a directory of their own that goes away with them. Alice
  // cuts her messages into chunks of `chunk_bytes`; 0: as she does by herself. Only the
  // thread that starts them may restart them.
  static absl::StatusOr<std::unique_ptr<Parties>> Start(int64_t chunk_bytes);
  ~Parties();

  // Where they are; calls that fail are made again for `patience`. Alice finds Bob at
  // `channel`.
  Services Where(const Endpoint& channel, absl::Duration patience) const;
  const Endpoint& bobs_channel() const { return channel_; }

  // SIGKILL; and a new process in the place of the dead one.
  void Kill(Party party);
  absl::Status Restart(Party party);

  // Messages, whole or not, in Bob's spool.
  std::vector<std::string> SpoolFiles() const;
  pid_t Pid(Party party) const { return processes_[static_cast<size_t>(party)].pid(); }

 private:
  Parties() = default;
  absl::Status Launch(const std::string& program, std::vector<std::string> arguments);

  std::string spool_;
  std::vector<ServiceProcess> processes_;  // by Party
  std::array<Endpoint, kParties> endpoints_;
  Endpoint channel_;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_PARTIES_H_
