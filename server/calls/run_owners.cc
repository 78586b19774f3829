#include "server/calls/run_owners.h"

#include "absl/strings/str_format.h"

namespace kvwire {

absl::Status RunOwners::Claim(uint64_t run_id, const std::string& identity) {
  const std::lock_guard lock(mutex_);
  const auto [entry, fresh] = owners_.try_emplace(run_id, identity);
  if (!fresh) {
    if (entry->second == identity) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrFormat("run %016x belongs to another caller", run_id));
  }
  order_.push_back(run_id);
  if (order_.size() > kMostRuns) {
    owners_.erase(order_.front());
    order_.pop_front();
  }
  return absl::OkStatus();
}

}  // namespace kvwire
