#include "server/calls/peer_quota.h"

#include "absl/strings/str_cat.h"

namespace kvwire {

absl::StatusOr<PeerQuota::Ticket> PeerQuota::Enter(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  int& held = held_[peer];
  if (held >= most_) {
    return absl::ResourceExhaustedError(absl::StrCat(peer, " has ", held, " ", what_,
                                                     ", the most that one caller may (", flag_,
                                                     "); end one first"));
  }
  ++held;
  // The pointer points at nothing; what matters is when it goes.
  return Ticket(nullptr, [this, peer](const void*) { Leave(peer); });
}

void PeerQuota::Leave(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  const auto entry = held_.find(peer);
  if (--entry->second == 0) held_.erase(entry);
}

}  // namespace kvwire
