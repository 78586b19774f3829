// Anything that can come over the channel to Bob, in any order, with his process ending in
// between: documented errors, and a message that is, byte for byte, the chunks that he took.
//
// The input is records (records.h) of events (channel_events.h).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/checksum.h"
#include "common/wire/bulk_message.h"
#include "server/bob/bob_message_store.h"
#include "tests/fuzz/channel_events.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/memory_folder.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/sliced_buffer.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

constexpr int64_t kMessageLimitBytes = 1000;

const MemoryFolder& Folder() {
  static const MemoryFolder folder("channel-fuzz");
  return folder;
}

// What Bob makes of a request; nothing if it is no SendRequest. Protocol Buffers' own parser
// must agree.
std::optional<ReceivedChunk> ChunkOf(const std::string& bytes) {
  const grpc::ByteBuffer buffer = SlicedBuffer(bytes);
  ReceivedChunk chunk{.message_bytes = static_cast<int64_t>(bytes.size())};
  const absl::Status split =
      SplitBulkMessage(buffer, v1::SendRequest::kDataFieldNumber, chunk.fields, chunk.data);
  v1::SendRequest parsed;
  Require(parsed.ParseFromString(bytes) == split.ok(), "two parsers take the same messages");
  if (!split.ok()) return std::nullopt;
  Require(std::string(chunk.data) == parsed.data(), "two parsers find the same data");
  parsed.clear_data();
  Require(parsed.SerializeAsString() == chunk.fields.SerializeAsString(),
          "two parsers find the same fields");
  return chunk;
}

// A message as its sender would have it.
struct Sent {
  std::string sender;  // the identity that opened it
  std::string stored;
  int64_t committed = 0;
  bool sealed = false;
};

class Bob {
 public:
  void On(const Record& record) {
    sender_ = record.kind / kChannelEvents % 2 == 0 ? "" : "another";
    switch (static_cast<ChannelEvent>(record.kind % kChannelEvents)) {
      case ChannelEvent::kChunk:
        return Chunk(record.bytes);
      case ChannelEvent::kEnd:
        return End();
      case ChannelEvent::kBreak:
        stream_ = {};
        return;
      case ChannelEvent::kQuery:
        return Query(record.bytes);
      case ChannelEvent::kRestart:
        return Restart();
    }
  }

  void Check() {
    for (auto& [run_id, sent] : sent_) {
      const auto message = store_->Find(run_id);
      if (message.ok()) {
        CheckMessage(**message, sent);
      } else {
        Require(!sent.sealed, "a sealed message stays");
      }
    }
  }

 private:
  static std::unique_ptr<MessageStore> NewStore() {
    auto spool = Spool::Open(Folder().path());
    RequireOk(spool.status(), "the spool is free");
    auto store = std::make_unique<MessageStore>(kMessageLimitBytes, *std::move(spool));
    RequireOk(store->Recover(), "Bob starts");
    return store;
  }

  void Chunk(const std::string& bytes) {
    const std::optional<ReceivedChunk> chunk = ChunkOf(bytes);
    if (!chunk.has_value()) return;
    if (stream_.message == nullptr && !Begin(chunk->fields)) return;
    Sent& sent = sent_[run_id_];
    const absl::Status status = stream_.message->Append(stream_.number, *chunk);
    if (!status.ok()) {
      RequireCode(status, {Code::kInvalidArgument, Code::kOutOfRange, Code::kDataLoss,
                           Code::kAborted, Code::kResourceExhausted});
      stream_ = {};
      return;
    }
    if (sent.sealed) return Require(chunk->data.empty(), "nothing follows the end");
    Take(*chunk, sent);
  }

  static void Take(const ReceivedChunk& chunk, Sent& sent) {
    const v1::SendRequest& fields = chunk.fields;
    const std::string data(chunk.data);
    Require(fields.write_offset() == static_cast<int64_t>(sent.stored.size()),
            "a chunk is taken where the last one ended, and nowhere else");
    Require(fields.crc32c() == Crc32c(data), "a chunk is taken as it was sent");
    sent.stored += data;
    Require(static_cast<int64_t>(sent.stored.size()) <= kMessageLimitBytes,
            "no message is over the limit");
    if (!fields.has_finish_write()) return;
    Require(fields.finish_write().total_bytes() == static_cast<int64_t>(sent.stored.size()) &&
                fields.finish_write().sha256() == Sha256Of(sent.stored),
            "a message is sealed if it is what its end says");
    sent.sealed = true;
  }

  // Whether a stream of the run has begun; a discarded message makes room for another.
  bool Begin(const v1::SendRequest& fields) {
    auto stream = store_->Begin(fields, sender_, std::make_shared<const TcpMeter>());
    if (!stream.ok()) {
      RequireCode(stream.status(), {Code::kInvalidArgument, Code::kAlreadyExists,
                                    Code::kOutOfRange, Code::kDataLoss, Code::kAborted,
                                    Code::kResourceExhausted, Code::kPermissionDenied});
      return false;
    }
    stream_ = *std::move(stream);
    run_id_ = fields.run_id();
    Sent& sent = sent_[run_id_];
    if (messages_[run_id_] != stream_.message) {
      Require(!sent.sealed, "a sealed message stays");
      sent = {.sender = sender_};
      messages_[run_id_] = stream_.message;
    }
    Require(sent.sender == sender_, "a message is one caller's alone");
    if (sent.stored.empty() || sent.sealed) return true;
    Require(fields.prefix_crc32c() == Crc32c(sent.stored),
            "only the same message goes on where one broke off");
    return true;
  }

  void End() {
    if (stream_.message == nullptr) return;
    const absl::Status status = stream_.message->EndStream(stream_.number);
    if (status.ok()) {
      Require(sent_[run_id_].sealed, "a stream ends well with a sealed message only");
    } else {
      RequireCode(status, {Code::kDataLoss, Code::kAborted});
    }
    stream_ = {};
  }

  void Query(const std::string& bytes) {
    v1::QueryWriteStatusRequest request;
    if (!request.ParseFromString(bytes) || request.run_id() == 0) return;
    const auto message = store_->Find(request.run_id());
    if (!message.ok()) return RequireCode(message.status(), {Code::kNotFound});
    const auto answer =
        (*message)->WriteStatus(request, sender_, std::make_shared<const TcpMeter>());
    if (!answer.ok()) {
      return RequireCode(answer.status(), {Code::kNotFound, Code::kDataLoss,
                                           Code::kResourceExhausted, Code::kPermissionDenied});
    }
    Sent& sent = sent_[request.run_id()];
    Require(sent.sender == sender_, "a message is one caller's alone");
    Require(answer->committed_size() == static_cast<int64_t>(sent.stored.size()),
            "once asked for, all that was taken is committed");
    Require(answer->complete() == sent.sealed, "a message is complete when it is sealed");
  }

  // What a process had not been asked to keep may be gone with it, from the end.
  void Restart() {
    Check();
    stream_ = {};
    messages_.clear();
    store_.reset();
    store_ = NewStore();
    for (auto& [run_id, sent] : sent_) {
      const auto message = store_->Find(run_id);
      if (!message.ok()) {
        Require(!sent.sealed && sent.committed == 0, "what was committed is found again");
        sent = {};
        continue;
      }
      messages_[run_id] = *message;
      const int64_t committed = (*message)->committed_bytes();
      Require(
          committed >= sent.committed && committed <= static_cast<int64_t>(sent.stored.size()),
          "what was committed is found again");
      Require(!sent.sealed || (*message)->CheckSealed().ok(), "a message stays sealed");
      sent.stored.resize(static_cast<size_t>(committed));
    }
  }

  static void CheckMessage(const ReceivedMessage& message, Sent& sent) {
    if (message.discarded()) {
      Require(!sent.sealed, "a sealed message stays");
      sent = {};
      return;
    }
    const int64_t committed = message.committed_bytes();
    Require(committed >= sent.committed, "committed_size never shrinks");
    Require(committed <= static_cast<int64_t>(sent.stored.size()), "only what came counts");
    sent.committed = committed;
    Require(message.CheckSealed().ok() == sent.sealed, "a message is sealed by its end");
    if (!sent.sealed) return;
    Require(message.sha256() == Sha256Of(sent.stored), "a sealed message has its digest");
    const auto contents = message.Read(0, kMessageLimitBytes + 1);
    Require(contents.ok() && *contents == sent.stored, "a sealed message is what was sent");
  }

  std::unique_ptr<MessageStore> store_ = NewStore();
  std::string sender_;           // of the event
  MessageStore::Stream stream_;  // under way, if it has a message
  uint64_t run_id_ = 0;          // of that stream
  std::map<uint64_t, Sent> sent_;
  std::map<uint64_t, std::shared_ptr<ReceivedMessage>> messages_;  // that sent_ are of
};

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  Folder().Empty();
  Bob bob;
  for (const Record& record : RecordsOf({reinterpret_cast<const char*>(data), size})) {
    bob.On(record);
    bob.Check();
  }
  return 0;
}
