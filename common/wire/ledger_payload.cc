#include "common/wire/ledger_payload.h"

#include <string>

#include "absl/strings/cord.h"
#include "common/wire/status_conversion.h"

namespace kvwire {

absl::Status WithLedger(absl::Status status, const v1::ChannelLedger& ledger) {
  v1::ChannelLedger told = ledger;
  auto& rows = *told.mutable_connections();
  if (rows.size() > kMostLedgerRows) rows.DeleteSubrange(0, rows.size() - kMostLedgerRows);
  status.SetPayload(kDetailsUrl, absl::Cord(told.SerializeAsString()));
  return status;
}

std::optional<v1::ChannelLedger> LedgerOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kDetailsUrl);
  v1::ChannelLedger ledger;
  if (!payload.has_value() || !ledger.ParseFromString(std::string(*payload))) {
    return std::nullopt;
  }
  return ledger;
}

}  // namespace kvwire
