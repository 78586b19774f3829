#include "client/waterfall/run_capture.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/waterfall/capture_census.h"
#include "common/wire/endpoint.h"

namespace kvwire {

absl::StatusOr<ConnectionBytes> RunCapture::Stop(uint64_t run_id) {
  KVWIRE_ASSIGN_OR_RETURN(FILE* const file, capture_.Stop());
  KeyLog keys;
  if (!key_log_.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(keys, KeyLog::Read(key_log_));
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<CapturedConnection> connections,
                          CensusOfCapture(file, port_, keys));
  absl::Status other = absl::NotFoundError(
      absl::StrCat("none of the ", connections.size(), " connections to port ", port_,
                   " that were captured on ", interface_, " carried this run"));
  for (const CapturedConnection& connection : connections) {
    if (!connection.bytes.ok()) {
      other = connection.bytes.status();
    } else if (connection.bytes->run_id == run_id) {
      return connection.bytes;
    }
  }
  return other;
}

absl::StatusOr<std::optional<RunCapture>> StartCapture(const RunOptions& options,
                                                       const std::string& channel_endpoint,
                                                       const std::string& key_log) {
  if (!options.waterfall && options.pcap.empty()) return std::nullopt;
  KVWIRE_ASSIGN_OR_RETURN(const Endpoint channel, ParseEndpoint(channel_endpoint));
  std::string interface = options.capture_interface;
  if (interface.empty()) interface = channel.IsLoopback() ? "lo" : "any";
  KVWIRE_ASSIGN_OR_RETURN(LiveCapture capture,
                          LiveCapture::Start(interface, channel.port, options.pcap));
  return RunCapture(std::move(capture), channel.port, std::move(interface),
                    key_log.empty() ? options.tls_key_log : key_log);
}

}  // namespace kvwire
