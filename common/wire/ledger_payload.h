#ifndef KVWIRE_COMMON_WIRE_LEDGER_PAYLOAD_H_
#define KVWIRE_COMMON_WIRE_LEDGER_PAYLOAD_H_

// The books of a transfer that failed, on the status that says why. They cross a call as
// its status details.

#include <optional>

#include "absl/status/status.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

// More connections than these, the last ones, are not told: the details travel in metadata,
// which is bounded.
inline constexpr int kMostLedgerRows = 64;

absl::Status WithLedger(absl::Status status, const v1::ChannelLedger& ledger);
// Absent if the status bears none, or one that cannot be read.
std::optional<v1::ChannelLedger> LedgerOf(const absl::Status& status);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_LEDGER_PAYLOAD_H_
