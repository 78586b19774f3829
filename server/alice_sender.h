#ifndef KVWIRE_SERVER_ALICE_SENDER_H_
#define KVWIRE_SERVER_ALICE_SENDER_H_

// Alice's end of the one-way channel: cuts the snapshot into chunks as it comes and
// sends them over a connection of their own.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "common/base/checksum.h"
#include "common/wire/cancellation.h"
#include "common/wire/channels.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

class MessageSender {
 public:
  // How many bytes the chunk at `offset` has, if it is not the last: 1 MiB, later 2 and
  // then 4. So what chunks cost in bytes falls with the length of the message, and yet
  // the message depends on the snapshot alone, whatever pieces come in. Beyond 4 MiB
  // nothing gets faster, only larger.
  static int64_t ChunkBytesAt(int64_t offset);

  MessageSender(MeasuredChannel connection, uint64_t run_id, std::string parameters_digest,
                std::optional<int64_t> payload_bytes, Cancellation& cancellation);
  ~MessageSender();

  // Takes the next piece of the snapshot, of any length; it is sent from where it lies.
  // Blocks while Bob does not read. Returns Bob's error if he ended the stream.
  absl::Status Write(absl::Cord piece);

  // Sends the finishing chunk, waits for Bob to commit the message, closes the
  // connection and returns the books. Returns Bob's error, or DATA_LOSS if he
  // committed another length. Call once.
  absl::StatusOr<v1::ChannelLedger> Finish();

  // The digest of what was sent, after Finish.
  const std::string& sha256() const { return sha256_; }

 private:
  absl::Status SendChunk(int64_t size, bool last);
  absl::Status StreamError();

  MeasuredChannel connection_;
  std::optional<CancellableCall> call_;
  v1::SendResponse response_;
  std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> writer_;
  bool finished_ = false;
  v1::SendRequest fields_;  // of the chunk being filled, but for its data
  absl::Cord data_;         // of that chunk, and what came after it
  int64_t offset_ = 0;      // where it begins
  Sha256 hash_;
  std::string sha256_;
  v1::ChannelLedger ledger_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_SENDER_H_
