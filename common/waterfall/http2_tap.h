#ifndef KVWIRE_COMMON_WATERFALL_HTTP2_TAP_H_
#define KVWIRE_COMMON_WATERFALL_HTTP2_TAP_H_

// Listens to an HTTP/2 connection between two others. libnghttp2 reads the frames: one
// session plays the server for the client's bytes, another one the client for the
// server's. What they would answer is thrown away; what their opposites really said
// (settings, new streams) is told to them instead.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kvwire {

enum class Sender { kClient, kServer };

class Http2Visitor {
 public:
  virtual ~Http2Visitor() = default;

  // Every frame, at its beginning.
  virtual void VisitFrame(Sender sender, int type, int64_t payload_bytes) = 0;
  // What the client asks for on a stream.
  virtual void VisitPath(int32_t stream, std::string_view path) = 0;
  // The payload of DATA frames without padding, in pieces.
  virtual absl::Status VisitData(Sender sender, int32_t stream, std::string_view data) = 0;
};

// Thread-compatible.
class Http2Tap {
 public:
  static constexpr int64_t kPrefaceBytes = 24;
  static constexpr int64_t kFrameHeaderBytes = 9;

  explicit Http2Tap(Http2Visitor& visitor);
  ~Http2Tap();
  Http2Tap(const Http2Tap&) = delete;
  Http2Tap& operator=(const Http2Tap&) = delete;

  // The next bytes of one end. What answers something must be appended after it. Returns
  // the visitor's error, or DATA_LOSS on bytes that are not HTTP/2. An error is final.
  absl::Status Append(Sender sender, std::string_view bytes);

  // Returns DATA_LOSS if an end's bytes do not end where a frame does.
  absl::Status Finish() const;

 private:
  struct End;
  struct Callbacks;

  absl::Status Feed(End& end, std::string_view piece);
  static absl::Status CheckWhole(const End& end);

  Http2Visitor& visitor_;
  absl::Status status_;
  std::unique_ptr<End> client_;
  std::unique_ptr<End> server_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_HTTP2_TAP_H_
