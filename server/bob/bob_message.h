#ifndef KVWIRE_SERVER_BOB_BOB_MESSAGE_H_
#define KVWIRE_SERVER_BOB_BOB_MESSAGE_H_

// One message from Alice as Bob holds it: a spool file, the stream that is filling it, and
// the books of the connections that did. Thread-safe: the channel appends while others may
// ask.

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "common/wire/tcp_meter.h"
#include "kvwire/v1/channel.pb.h"
#include "kvwire/v1/ledger.pb.h"
#include "server/bob/bob_connections.h"
#include "server/bob/bob_prefix.h"
#include "server/bob/bob_spool_file.h"

namespace kvwire {

// A chunk as it came over the wire.
struct ReceivedChunk {
  v1::SendRequest fields;     // but for `data`
  absl::Cord data;            // where it was received
  int64_t message_bytes = 0;  // serialized
};

// Which stream a chunk comes in: one that another has taken over from appends no more.
using StreamNumber = int64_t;

class ReceivedMessage {
 public:
  // Fills or takes up `file`.
  ReceivedMessage(std::unique_ptr<SpoolFile> file, int64_t limit_bytes);

  // What an opening chunk of the caller with the identity `sender` says. Returns
  // INVALID_ARGUMENT if run id or digest are missing.
  static absl::StatusOr<MessageOpening> OpeningOf(const v1::SendRequest& fields,
                                                  const std::string& sender);

  // Takes up a stream of `sender`, `opening` being its first chunk, which is not appended
  // yet; the meter counts the connection it comes over. Errors as documented at
  // OneWayChannelService.Send: nothing changes then.
  absl::StatusOr<StreamNumber> BeginStream(const v1::SendRequest& opening,
                                           const std::string& sender,
                                           std::shared_ptr<const TcpMeter> meter);

  // Appends a chunk; the finishing one seals the message. Errors as documented at
  // OneWayChannelService.Send: they end the stream, but for a chunk after the end.
  absl::Status Append(StreamNumber stream, const ReceivedChunk& chunk);

  // The stream is over. Returns DATA_LOSS unless it sealed the message, ABORTED if another
  // has taken over.
  absl::Status EndStream(StreamNumber stream);

  // As QueryWriteStatus: ends a stream under way and says what is committed. The meter
  // counts the connection that asks.
  absl::StatusOr<v1::QueryWriteStatusResponse> WriteStatus(
      const v1::QueryWriteStatusRequest& request, const std::string& sender,
      std::shared_ptr<const TcpMeter> meter);

  // Whoever asks about the message first owns it, over all lives of Bob where it is on a
  // disk. Returns PERMISSION_DENIED to others. Callers without an identity own nothing.
  absl::Status Claim(const std::string& identity);

  // OK if sealed; DATA_LOSS if damaged; else FAILED_PRECONDITION saying how far it came,
  // and why no further.
  absl::Status CheckSealed() const;
  // Whether it is discarded: a new one may begin in its place.
  bool discarded() const { return gone_; }
  // Since when no stream has been filling it; absent if one is, or if it is sealed. Neither
  // waits for what a stream is doing.
  std::optional<absl::Time> idle_since() const;

  int64_t committed_bytes() const;
  const std::string& parameters_digest() const { return opening_.parameters_digest; }
  const std::optional<int64_t>& payload_bytes() const { return opening_.payload_bytes; }
  std::string sha256() const;

  // Reads up to `size` bytes at `offset`; an empty string at the end. Returns DATA_LOSS if
  // they are not what was received.
  absl::StatusOr<std::string> Read(int64_t offset, int64_t size) const;

  // Bob's books. Waits for the last connection to close, `wait` at most.
  v1::ChannelLedger Ledger(absl::Duration wait);

  // Deletes what is stored.
  void Remove();

 private:
  absl::Status CheckSender(const std::string& sender) const;
  absl::Status CheckBegin(const v1::SendRequest& opening, const std::string& sender)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRepeat(const v1::SendRequest& opening)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckPrefix(const v1::SendRequest& opening)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Take(const ReceivedChunk& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Seal(const v1::Finish& finish, uint32_t message_bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Discard(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StopStream(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MessageOpening opening_;
  const int64_t limit_bytes_;

  mutable std::mutex mutex_;
  std::unique_ptr<SpoolFile> file_ ABSL_GUARDED_BY(mutex_);
  BobConnections connections_ ABSL_GUARDED_BY(mutex_);
  StreamNumber stream_ ABSL_GUARDED_BY(mutex_) = 0;  // under way; 0: none
  StreamNumber last_stream_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t stream_connection_ ABSL_GUARDED_BY(mutex_) = 0;
  bool repeats_ ABSL_GUARDED_BY(mutex_) = false;    // its opening, to come, says the end again
  absl::Status stopped_ ABSL_GUARDED_BY(mutex_);    // why the last stream went no further
  absl::Status discarded_ ABSL_GUARDED_BY(mutex_);  // why the message counts no more
  PrefixDigests digests_ ABSL_GUARDED_BY(mutex_);

  // Read without the mutex.
  static constexpr int64_t kNotIdle = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> idle_since_ns_;
  std::atomic<bool> gone_ = false;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_BOB_BOB_MESSAGE_H_
