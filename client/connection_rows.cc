#include "client/connection_rows.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace kvwire {
namespace {

using Rows = std::vector<v1::TcpCount>;

Rows RowsOf(const v1::ChannelLedger& ledger) {
  return {ledger.connections().begin(), ledger.connections().end()};
}

bool HasDistinctIds(const Rows& rows) {
  std::set<uint32_t> ids;
  for (const v1::TcpCount& row : rows) ids.insert(row.connection_id());
  return ids.size() == rows.size();
}

Rows::const_iterator FindId(const Rows& rows, uint32_t id) {
  return std::find_if(rows.begin(), rows.end(),
                      [id](const v1::TcpCount& row) { return row.connection_id() == id; });
}

v1::TcpCount MissingRow(const v1::TcpCount& other, v1::ConnectionEnd ended) {
  v1::TcpCount row;
  row.set_connection_id(other.connection_id());
  row.set_sent_bytes(other.received_bytes());
  row.set_final(true);
  row.set_ended(ended);
  return row;
}

void Replace(const Rows& rows, v1::ChannelLedger& ledger) {
  ledger.clear_connections();
  for (const v1::TcpCount& row : rows) *ledger.add_connections() = row;
}

}  // namespace

void AppendLedger(const v1::ChannelLedger& later, v1::ChannelLedger& books) {
  books.mutable_connections()->MergeFrom(later.connections());
  if (later.message_count() == 0) return;  // nothing came of them
  const int64_t again =
      std::max<int64_t>(0, books.snapshot_bytes() - later.resumed_at_bytes());
  books.set_resent_bytes(books.resent_bytes() + later.resent_bytes() +
                         (books.message_count() > 0 ? again : 0));
  books.set_snapshot_bytes(later.snapshot_bytes());
  books.set_message_count(books.message_count() + later.message_count());
  books.set_message_bytes(books.message_bytes() + later.message_bytes());
}

void MatchConnections(v1::ChannelLedger& alice, v1::ChannelLedger& bob) {
  const Rows hers = RowsOf(alice);
  const Rows his = RowsOf(bob);
  if (!HasDistinctIds(hers) || !HasDistinctIds(his)) return;
  Rows alice_rows;
  Rows bob_rows;
  auto next = hers.begin();
  const auto add_hers_alone = [&](Rows::const_iterator end) {
    for (; next != end; ++next) {
      alice_rows.push_back(*next);
      bob_rows.push_back(MissingRow(*next, v1::CONNECTION_END_RESET));
      bob_rows.back().set_sent_bytes(0);
    }
  };
  for (const v1::TcpCount& row : his) {
    const auto same = FindId(hers, row.connection_id());
    if (same == hers.end()) {
      alice_rows.push_back(MissingRow(row, v1::CONNECTION_END_KILLED));
    } else {
      if (same >= next) add_hers_alone(same), ++next;
      alice_rows.push_back(IsLost(*same) ? MissingRow(row, v1::CONNECTION_END_KILLED) : *same);
    }
    bob_rows.push_back(row);
  }
  add_hers_alone(hers.end());
  Replace(alice_rows, alice);
  Replace(bob_rows, bob);
}

v1::ConnectionEnd EndOf(const v1::TcpCount& alice, const v1::TcpCount& bob) {
  const v1::ConnectionEnd worst = std::max(alice.ended(), bob.ended());
  return worst == v1::CONNECTION_END_UNSPECIFIED ? v1::CONNECTION_END_CLEAN : worst;
}

bool BrokeOff(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob) {
  const auto clean = [](v1::ConnectionEnd ended) { return ended <= v1::CONNECTION_END_CLEAN; };
  const auto all_clean = [&](const v1::ChannelLedger& ledger) {
    return std::all_of(ledger.connections().begin(), ledger.connections().end(),
                       [&](const v1::TcpCount& row) { return clean(row.ended()); });
  };
  return !all_clean(alice) || !all_clean(bob);
}

}  // namespace kvwire
