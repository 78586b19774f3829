#ifndef KVWIRE_SERVER_BOB_BOB_CONNECTIONS_H_
#define KVWIRE_SERVER_BOB_BOB_CONNECTIONS_H_

// The connections that carried one message, as Bob's kernel counts them. What is known of
// them is in the spool file; this holds the meters of those that may still be open. Not
// thread-safe.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/wire/tcp_meter.h"
#include "kvwire/v1/ledger.pb.h"
#include "server/bob/bob_spool_file.h"

namespace kvwire {

class BobConnections {
 public:
  // One that is not counted yet.
  struct Open {
    uint32_t connection_id = 0;
    std::shared_ptr<const TcpMeter> meter;
    bool clean = false;
  };

  // Enters a connection into the file, unless it is there. Returns RESOURCE_EXHAUSTED if
  // there are too many, and errors of SpoolFile::Record.
  absl::Status Add(uint32_t connection_id, std::shared_ptr<const TcpMeter> meter,
                   SpoolFile& file);
  // The connection carried the end of the message.
  void MarkClean(uint32_t connection_id);
  // Enters the counts of a connection that has closed.
  void Close(uint32_t connection_id, const v1::TcpCount& count, SpoolFile& file);
  // Closes those that are closed by now.
  void Settle(SpoolFile& file);

  const std::vector<Open>& open() const { return open_; }

  // A row a connection, in the order in which they came. The counts of one that is still
  // open are not final.
  void Append(const SpoolFile& file, v1::ChannelLedger& ledger) const;

 private:
  std::vector<Open> open_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_CONNECTIONS_H_
