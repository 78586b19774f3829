#include "server/alice/alice_admission.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "server/calls/draining.h"

namespace kvwire {

absl::StatusOr<PeerQuota::Ticket> AliceAdmission::Enter(const std::string& peer) {
  KVWIRE_RETURN_IF_ERROR(CheckNotDraining());
  const PeerQuota::Ticket place(nullptr, [this](const void*) { --runs_; });
  if (++runs_ > kMaxRuns) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxRuns, " runs are under way; try again when one is done"));
  }
  KVWIRE_ASSIGN_OR_RETURN(PeerQuota::Ticket share, quota_.Enter(peer));
  return PeerQuota::Ticket(nullptr, [place, share](const void*) {});
}

}  // namespace kvwire
