#ifndef KVWIRE_SERVER_ALICE_ALICE_SENDER_H_
#define KVWIRE_SERVER_ALICE_ALICE_SENDER_H_

// Alice's end of one stream of the one-way channel: cuts the snapshot into chunks as it
// comes and sends those that Bob does not have.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "common/base/checksum.h"
#include "common/wire/cancellation.h"
#include "common/wire/stall_guard.h"
#include "kvwire/v1/channel.grpc.pb.h"

namespace kvwire {

class MessageSender {
 public:
  // How many bytes the chunk at `offset` has, if it is not the last and no other size is
  // asked for: 1 MiB, later 2 and then 4. So what chunks cost in bytes falls with the length
  // of the message, and yet the message depends on the snapshot alone, whatever pieces come
  // in. Beyond 4 MiB nothing gets faster, only larger.
  static int64_t ChunkBytesAt(int64_t offset);

  // Begins a stream on `channel`, which must outlive it, as must the guard, which watches
  // over what blocks. `opening` is the opening chunk without data, but for a CRC32C of what
  // is before its offset: those bytes are taken and not sent. Chunks have `chunk_bytes`; 0:
  // ChunkBytesAt.
  MessageSender(grpc::Channel& channel, const v1::SendRequest& opening, int64_t chunk_bytes,
                Cancellation& cancellation, StallGuard& guard);
  ~MessageSender();

  // Takes the next piece of the snapshot, of any length, from its beginning on; it is sent
  // from where it lies. Blocks while Bob does not read, or is too far behind (channel_pace.h).
  // Returns Bob's error if he ended the stream, DATA_LOSS if he says that he has what he
  // cannot have.
  absl::Status Write(absl::Cord piece);

  // Sends the finishing chunk and waits for Bob to seal the message. Returns Bob's error,
  // DATA_LOSS if he committed another length, or ABORTED if he had more than there is. Call
  // once.
  absl::Status Finish();

  // The digest of the message, after Finish.
  const std::string& sha256() const { return sha256_; }
  // Whether the stream is known to go over the connection that the guard's meter counts.
  bool metered() const { return metered_; }
  // Where the next chunk begins: all before it was sent, or did not need to be.
  int64_t offset() const { return offset_; }
  // What was sent.
  int64_t message_count() const { return message_count_; }
  int64_t message_bytes() const { return message_bytes_; }

 private:
  using Stream = grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

  void Skip();
  absl::Status AwaitProgress();
  absl::Status SendChunk(int64_t size, bool last);
  absl::StatusOr<bool> TakeProgress();
  absl::Status StreamError();

  const int64_t chunk_bytes_;
  StallGuard& guard_;
  std::optional<CancellableCall> call_;
  std::unique_ptr<Stream> stream_;
  bool finished_ = false;
  bool metered_ = false;
  const int64_t begin_;     // where Bob goes on
  v1::SendRequest fields_;  // of the chunk being filled, but for its data
  absl::Cord data_;         // of that chunk, and what came after it
  int64_t offset_ = 0;      // where it begins
  int64_t committed_;       // up to where, as Bob says
  int64_t answers_ = 0;     // how often he has said so
  uint32_t prefix_crc_ = 0;
  Sha256 hash_;
  std::string sha256_;
  int64_t message_count_ = 0;
  int64_t message_bytes_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_ALICE_SENDER_H_
