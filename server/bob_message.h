#ifndef KVWIRE_SERVER_BOB_MESSAGE_H_
#define KVWIRE_SERVER_BOB_MESSAGE_H_

// One message from Alice as Bob holds it: bytes in an unlinked temporary file, and
// the books that were kept while they came. Thread-safe: the channel appends while
// others may ask.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "common/base/checksum.h"
#include "common/wire/tcp_meter.h"
#include "kvwire/v1/channel.pb.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

// A chunk as it came over the wire.
struct ReceivedChunk {
  v1::SendRequest fields;     // but for `data`
  absl::Cord data;            // where it was received
  int64_t message_bytes = 0;  // serialized
};

class ReceivedMessage {
 public:
  // `opening` is the first chunk of the stream, which is not appended yet. The
  // meter counts the connection it comes over. Returns INVALID_ARGUMENT if run id
  // or digest are missing, RESOURCE_EXHAUSTED if no temporary file can be made.
  static absl::StatusOr<std::shared_ptr<ReceivedMessage>> Create(
      const v1::SendRequest& opening, TcpMeter meter, int64_t limit_bytes);
  ~ReceivedMessage();

  // Appends a chunk; the finishing one seals the message. Errors as documented at
  // OneWayChannelService.Send, after which the message is broken for good.
  absl::Status Append(const ReceivedChunk& chunk);

  // The stream is over. Returns DATA_LOSS, and breaks the message, unless sealed.
  absl::Status EndOfStream();

  // OK if sealed; else FAILED_PRECONDITION saying how far it came, and why.
  absl::Status CheckSealed() const;
  // Whether another message may take this one's place.
  bool broken() const;

  int64_t committed_bytes() const;
  const std::string& parameters_digest() const { return digest_; }
  const std::optional<int64_t>& payload_bytes() const { return payload_bytes_; }
  std::string sha256() const;

  // Reads up to `size` bytes at `offset`; an empty string at the end.
  absl::StatusOr<std::string> Read(int64_t offset, int64_t size) const;

  // Bob's books. Waits for the connection to close, `wait` at most.
  v1::ChannelLedger Ledger(absl::Duration wait) const;

 private:
  ReceivedMessage(const v1::SendRequest& opening, TcpMeter meter, int64_t limit_bytes,
                  int descriptor);

  absl::Status Take(const ReceivedChunk& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Seal(const v1::Finish& finish) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string digest_;
  const std::optional<int64_t> payload_bytes_;
  const TcpMeter meter_;
  const int64_t limit_bytes_;
  const int descriptor_;

  mutable std::mutex mutex_;
  bool sealed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  int64_t committed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t message_count_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t message_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  Sha256 hash_ ABSL_GUARDED_BY(mutex_);
  std::string sha256_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_MESSAGE_H_
