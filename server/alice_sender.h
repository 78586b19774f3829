#ifndef KVWIRE_SERVER_ALICE_SENDER_H_
#define KVWIRE_SERVER_ALICE_SENDER_H_

// Alice's end of the one-way channel: cuts the snapshot into chunks as it comes and
// sends them over a connection of their own.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/checksum.h"
#include "common/wire/cancellation.h"
#include "common/wire/channels.h"
#include "kvwire/v1/channel.grpc.pb.h"
#include "kvwire/v1/ledger.pb.h"

namespace kvwire {

class MessageSender {
 public:
  // Every chunk but the last has this many bytes, whatever pieces come in, so that
  // the message depends on the snapshot alone.
  static constexpr size_t kChunkBytes = size_t{1} << 20;

  MessageSender(MeasuredChannel connection, uint64_t run_id, std::string parameters_digest,
                std::optional<int64_t> payload_bytes, Cancellation& cancellation);
  ~MessageSender();

  // Takes the next piece of the snapshot, of any length. Blocks while Bob does not
  // read. Returns Bob's error if he ended the stream.
  absl::Status Write(std::string_view piece);

  // Sends the finishing chunk, waits for Bob to commit the message, closes the
  // connection and returns the books. Returns Bob's error, or DATA_LOSS if he
  // committed another length. Call once.
  absl::StatusOr<v1::ChannelLedger> Finish();

  // The digest of what was sent, after Finish.
  const std::string& sha256() const { return sha256_; }

 private:
  absl::Status SendChunk(bool last);
  absl::Status StreamError();

  MeasuredChannel connection_;
  std::optional<CancellableCall> call_;
  v1::SendResponse response_;
  std::unique_ptr<v1::OneWayChannelService::Stub> stub_;
  std::unique_ptr<grpc::ClientWriter<v1::SendRequest>> writer_;
  bool finished_ = false;
  v1::SendRequest chunk_;  // the one being filled
  int64_t offset_ = 0;     // where it begins
  Sha256 hash_;
  std::string sha256_;
  v1::ChannelLedger ledger_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_SENDER_H_
