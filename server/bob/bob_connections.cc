#include "server/bob/bob_connections.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace kvwire {
namespace {

auto IsConnection(uint32_t connection_id) {
  return [connection_id](const auto& one) { return one.connection_id == connection_id; };
}

v1::ConnectionEnd EndOf(bool clean) {
  return clean ? v1::CONNECTION_END_CLEAN : v1::CONNECTION_END_RESET;
}

}  // namespace

absl::Status BobConnections::Add(uint32_t connection_id, std::shared_ptr<const TcpMeter> meter,
                                 SpoolFile& file) {
  const auto& known = file.connections();
  if (std::any_of(known.begin(), known.end(), IsConnection(connection_id))) {
    return absl::OkStatus();
  }
  if (known.size() >= SpoolFile::kMaxConnections) {
    return absl::ResourceExhaustedError(absl::StrCat("the message came over ", known.size(),
                                                     " connections already; begin a new run"));
  }
  open_.push_back({connection_id, std::move(meter)});
  return file.Record({.connection_id = connection_id});
}

void BobConnections::MarkClean(uint32_t connection_id) {
  const auto open = std::find_if(open_.begin(), open_.end(), IsConnection(connection_id));
  if (open != open_.end()) open->clean = true;
}

void BobConnections::Close(uint32_t connection_id, const v1::TcpCount& count,
                           SpoolFile& file) {
  const auto open = std::find_if(open_.begin(), open_.end(), IsConnection(connection_id));
  if (open == open_.end()) return;
  // A row that cannot be stored is still in this process's books.
  file.Record({.connection_id = connection_id,
               .counted = true,
               .final = count.final(),
               .clean = open->clean,
               .sent_bytes = count.sent_bytes(),
               .received_bytes = count.received_bytes(),
               .retransmitted_bytes = count.retransmitted_bytes()})
      .IgnoreError();
  open_.erase(open);
}

void BobConnections::Settle(SpoolFile& file) {
  const std::vector<Open> open = open_;
  for (const Open& one : open) {
    const v1::TcpCount count = one.meter->Count(absl::ZeroDuration());
    if (count.final()) Close(one.connection_id, count, file);
  }
}

void BobConnections::Append(const SpoolFile& file, v1::ChannelLedger& ledger) const {
  for (const SpooledConnection& one : file.connections()) {
    v1::TcpCount& row = *ledger.add_connections();
    const auto open =
        std::find_if(open_.begin(), open_.end(), IsConnection(one.connection_id));
    if (open != open_.end()) {
      row = open->meter->Count(absl::ZeroDuration());
      row.set_ended(EndOf(open->clean));
    } else if (one.counted) {
      row.set_sent_bytes(one.sent_bytes);
      row.set_received_bytes(one.received_bytes);
      row.set_retransmitted_bytes(one.retransmitted_bytes);
      row.set_final(one.final);
      row.set_ended(EndOf(one.clean));
    } else {
      row.set_ended(v1::CONNECTION_END_KILLED);
    }
    row.set_connection_id(one.connection_id);
  }
}

}  // namespace kvwire
