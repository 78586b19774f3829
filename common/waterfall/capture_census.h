#ifndef KVWIRE_COMMON_WATERFALL_CAPTURE_CENSUS_H_
#define KVWIRE_COMMON_WATERFALL_CAPTURE_CENSUS_H_

// Attributes every byte of the connections in a file of captured packets.

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/waterfall/byte_counts.h"
#include "common/waterfall/key_log.h"

namespace kvwire {

struct CapturedConnection {
  std::string client;  // ADDRESS:PORT, with brackets for IPv6
  std::string server;
  // Or an error of ConnectionCensus::Finish.
  absl::StatusOr<ConnectionBytes> bytes;
};

// Reads `file`, pcap or pcapng, from where it stands to its end, which need not fit into
// memory, and closes it. Returns the connections of `port`, or all, in the order of their
// first packets; the client is who sent the first SYN. Returns INVALID_ARGUMENT if the file is
// not a capture, or of a kind of link that is not known; DATA_LOSS if it breaks off.
// Connections over TLS are opened with `keys`.
absl::StatusOr<std::vector<CapturedConnection>> CensusOfCapture(FILE* file,
                                                                std::optional<int> port,
                                                                const KeyLog& keys = {});

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_CAPTURE_CENSUS_H_
