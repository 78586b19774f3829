#include "client/claim_verdict.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

// What a snapshot may have beyond the claim: headers, lengths, checksums.
constexpr int64_t kContainerBytes = 64;
constexpr int64_t kSectionBytes = 16;
constexpr int64_t kMostSections = 64;

}  // namespace

std::optional<std::string> ClaimFault(const StateClaim& claim) {
  const int64_t sections = std::clamp<int64_t>(claim.section_count, 1, kMostSections);
  const int64_t allowed = 8 * (kContainerBytes + kSectionBytes * sections);
  const int64_t excess = 8 * claim.snapshot_bytes - claim.state_bits;
  if (excess < 0) {
    return absl::StrCat("claims a state of ", claim.state_bits, " bits, ", -excess,
                        " more than its snapshot has");
  }
  if (excess > allowed) {
    return absl::StrCat("sent a snapshot of ", claim.snapshot_bytes, " bytes for a ",
                        "claimed state of ", claim.state_bits, " bits: ", excess - allowed,
                        " bits more than the claim and its ", sections,
                        " section(s) of headers explain");
  }
  return std::nullopt;
}

void JudgeClaim(const StateClaim& claim, std::vector<std::string>& reasons) {
  const std::optional<std::string> fault = ClaimFault(claim);
  if (fault.has_value()) reasons.push_back(absl::StrCat(claim.who, " ", *fault));
}

}  // namespace kvwire
