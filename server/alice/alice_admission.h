#ifndef KVWIRE_SERVER_ALICE_ALICE_ADMISSION_H_
#define KVWIRE_SERVER_ALICE_ALICE_ADMISSION_H_

// How many runs Alice takes on, and how much memory for their bits.

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/memory_account.h"
#include "server/calls/peer_quota.h"

namespace kvwire {

struct AliceLimits {
  int runs_per_peer = 16;
  int64_t memory_budget_bytes = std::numeric_limits<int64_t>::max();
};

// Thread-safe.
class AliceAdmission {
 public:
  // Each takes a thread while it works.
  static constexpr int kMaxRuns = 16;

  explicit AliceAdmission(const AliceLimits& limits)
      : quota_(limits.runs_per_peer, "--runs-per-peer", "runs under way"),
        memory_(limits.memory_budget_bytes) {}

  // A run of `peer`, which is over when the ticket goes away. Returns RESOURCE_EXHAUSTED if
  // there are kMaxRuns, or it has its share of them; UNAVAILABLE
  // while the process drains.
  absl::StatusOr<PeerQuota::Ticket> Enter(const std::string& peer);

  MemoryBudget& memory() { return memory_; }
  int runs() const { return runs_; }

 private:
  PeerQuota quota_;
  MemoryBudget memory_;
  std::atomic<int> runs_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_ADMISSION_H_
