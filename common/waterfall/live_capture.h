#ifndef KVWIRE_COMMON_WATERFALL_LIVE_CAPTURE_H_
#define KVWIRE_COMMON_WATERFALL_LIVE_CAPTURE_H_

// Captures the packets of one TCP port while this exists, into a file.

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace kvwire {

class LiveCapture {
 public:
  // Begins to capture on `interface` ("lo", "any", ...) into the file `path`, or a temporary
  // one if that is empty. Returns PERMISSION_DENIED, saying what to do, without the
  // privilege; INVALID_ARGUMENT if there is no such interface, or the file cannot be
  // written.
  static absl::StatusOr<LiveCapture> Start(const std::string& interface, int port,
                                           const std::string& path);
  LiveCapture(LiveCapture&& other) noexcept;
  LiveCapture& operator=(LiveCapture&& other) noexcept;
  ~LiveCapture();

  // Ends the capture once all that has crossed the wire is in it, and returns the file
  // from its beginning; the caller closes it. Returns DATA_LOSS if the kernel dropped a
  // packet, UNKNOWN if the file could not be written. Call once.
  absl::StatusOr<FILE*> Stop();

 private:
  class Recorder;
  explicit LiveCapture(std::unique_ptr<Recorder> recorder);

  std::unique_ptr<Recorder> recorder_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_LIVE_CAPTURE_H_
