#include "client/run_result.h"

#include "common/reduction/bounds.h"

namespace kvwire {

int64_t RunResult::SentBytes(const v1::ChannelLedger& ledger) {
  int64_t sum = 0;
  for (const v1::TcpCount& count : ledger.connections()) sum += count.sent_bytes();
  return sum;
}

int64_t RunResult::ReceivedBytes(const v1::ChannelLedger& ledger) {
  int64_t sum = 0;
  for (const v1::TcpCount& count : ledger.connections()) sum += count.received_bytes();
  return sum;
}

int64_t RunResult::RetransmittedBytes(const v1::ChannelLedger& ledger) {
  int64_t sum = 0;
  for (const v1::TcpCount& count : ledger.connections()) sum += count.retransmitted_bytes();
  return sum;
}

int64_t RunResult::floor_bits() const { return FloorBits(parameters.payload_bits(), bit_errors); }

int64_t GrpcBytes(const v1::ChannelLedger& ledger) {
  constexpr int64_t kPrefixBytes = 5;
  return ledger.message_bytes() + kPrefixBytes * ledger.message_count();
}

}  // namespace kvwire
