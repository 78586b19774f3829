#ifndef KVWIRE_CLIENT_WATERFALL_RUN_CAPTURE_H_
#define KVWIRE_CLIENT_WATERFALL_RUN_CAPTURE_H_

// The capture of one run: begun before Alice dials, ended after the books are in.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/run_options.h"
#include "common/waterfall/byte_counts.h"
#include "common/waterfall/live_capture.h"

namespace kvwire {

class RunCapture {
 public:
  RunCapture(LiveCapture capture, int port, std::string interface, std::string key_log)
      : capture_(std::move(capture)),
        port_(port),
        interface_(std::move(interface)),
        key_log_(std::move(key_log)) {}

  // Ends the capture and attributes the bytes of the connection whose message names the
  // run. Returns the errors of LiveCapture::Stop and CensusOfCapture, DATA_LOSS if the
  // connection is not whole, NOT_FOUND if none carried the run. Call once.
  absl::StatusOr<ConnectionBytes> Stop(uint64_t run_id);

 private:
  LiveCapture capture_;
  int port_;
  std::string interface_;
  std::string key_log_;  // path; empty: none
};

// Begins to capture the channel if the flags ask for that. `key_log` is where the session
// keys of own services are; empty: where the flags say. Returns the errors of
// LiveCapture::Start.
absl::StatusOr<std::optional<RunCapture>> StartCapture(const RunOptions& options,
                                                       const std::string& channel_endpoint,
                                                       const std::string& key_log);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_WATERFALL_RUN_CAPTURE_H_
