#ifndef KVWIRE_COMMON_WATERFALL_BYTE_CENSUS_H_
#define KVWIRE_COMMON_WATERFALL_BYTE_CENSUS_H_

// Attributes the bytes of one connection to Bob's channel, from its two streams of TCP
// payload. Other calls of gRPC than the channel's have no parts: their messages are
// counted as Protocol Buffers.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/kv/snapshot_inspection.h"
#include "common/waterfall/byte_counts.h"
#include "common/waterfall/grpc_messages.h"
#include "common/waterfall/http2_tap.h"

namespace kvwire {

// Holds one message a stream. Thread-compatible.
class ByteCensus : private Http2Visitor {
 public:
  ByteCensus() : tap_(*this) {}

  // The next bytes of one end, in the order in which both ends sent them. Returns
  // DATA_LOSS on what is not gRPC over HTTP/2, RESOURCE_EXHAUSTED on too long a message.
  // An error is final.
  absl::Status Append(Sender sender, std::string_view bytes);

  struct Found {
    uint64_t run_id = 0;  // of the first message that names one
    StreamBytes client;
    StreamBytes server;
  };
  // Returns DATA_LOSS if a frame is not whole. Call once.
  absl::StatusOr<Found> Finish();

 private:
  struct Call {
    std::string path;
    GrpcMessages client;
    GrpcMessages server;
    SnapshotInspector inspector;
    absl::Status snapshot;  // the inspector's first error
    int64_t data_bytes = 0;
  };

  void VisitFrame(Sender sender, int type, int64_t payload_bytes) override;
  void VisitPath(int32_t stream, std::string_view path) override;
  absl::Status VisitData(Sender sender, int32_t stream, std::string_view data) override;
  // A chunk of the one-way channel.
  absl::Status VisitChunk(const std::string& message, Call& call);
  void CountSnapshot(Call& call);

  Http2Tap tap_;
  Found found_;
  std::map<int32_t, Call> calls_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_BYTE_CENSUS_H_
