#ifndef KVWIRE_CLIENT_CONNECTION_ROWS_H_
#define KVWIRE_CLIENT_CONNECTION_ROWS_H_

// The connections of a run, seen from both ends.

#include <cstdint>

#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

// Adds the books of a later call to those of the earlier ones: counts are summed, and what
// the later call sent again of what the earlier one had sent is counted.
void AppendLedger(const v1::ChannelLedger& later, v1::ChannelLedger& books);

// Gives both ends the same connections in the same order, by connection_id; leaves them as
// they are if those are not distinct. Where one end knows nothing of a connection its row says
// CONNECTION_END_KILLED at Alice, whose books end with her process, and CONNECTION_END_RESET
// at Bob, whom it never reached; its sent bytes are then at least what the other end received,
// and so are those of a row whose counts she has lost.
void MatchConnections(v1::ChannelLedger& alice, v1::ChannelLedger& bob);

// How a connection ended, of both ends' rows: the worst that either says. An end that says
// nothing is taken to mean a clean one, which is held to more.
v1::ConnectionEnd EndOf(const v1::TcpCount& alice, const v1::TcpCount& bob);

// Whether the counts of a row were lost with a process.
inline bool IsLost(const v1::TcpCount& row) {
  return row.ended() == v1::CONNECTION_END_KILLED;
}

// Whether a connection ended otherwise than cleanly.
bool BrokeOff(const v1::ChannelLedger& alice, const v1::ChannelLedger& bob);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CONNECTION_ROWS_H_
