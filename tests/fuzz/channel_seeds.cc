#include <string>
#include <utility>
#include <vector>

#include "common/base/checksum.h"
#include "kvwire/v1/channel.pb.h"
#include "tests/fuzz/channel_events.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/seeds.h"

namespace kvwire {
namespace {

constexpr uint64_t kRun = 7;

Record Event(ChannelEvent event, std::string bytes = "") {
  return {static_cast<uint8_t>(event), std::move(bytes)};
}

// One sender's chunks of one message.
class Sender {
 public:
  explicit Sender(uint64_t run_id = kRun) : run_id_(run_id) {}

  Record Next(const std::string& data) { return Event(ChannelEvent::kChunk, Chunk(data)); }
  Record Last(const std::string& data) {
    v1::SendRequest request;
    request.ParseFromString(Chunk(data));
    request.mutable_finish_write()->set_total_bytes(static_cast<int64_t>(message_.size()));
    request.mutable_finish_write()->set_sha256(Sha256Of(message_));
    return Event(ChannelEvent::kChunk, request.SerializeAsString());
  }

 private:
  std::string Chunk(const std::string& data) {
    v1::SendRequest request;
    request.set_run_id(run_id_);
    request.set_parameters_digest(std::string(16, 'd'));
    request.set_write_offset(static_cast<int64_t>(message_.size()));
    request.set_prefix_crc32c(Crc32c(message_));
    request.set_crc32c(Crc32c(data));
    request.set_data(data);
    message_ += data;
    return request.SerializeAsString();
  }

  uint64_t run_id_;
  std::string message_;
};

Record Query(uint64_t run_id = kRun) {
  v1::QueryWriteStatusRequest request;
  request.set_run_id(run_id);
  request.set_connection_id(1);
  return Event(ChannelEvent::kQuery, request.SerializeAsString());
}

// Changes the fields of a chunk.
template <typename Change>
Record Changed(const Record& chunk, Change change) {
  v1::SendRequest request;
  request.ParseFromString(chunk.bytes);
  change(request);
  return Event(ChannelEvent::kChunk, request.SerializeAsString());
}

}  // namespace

std::vector<Seed> Seeds() {
  const Record end = Event(ChannelEvent::kEnd);
  const Record cut = Event(ChannelEvent::kBreak);
  const Record restart = Event(ChannelEvent::kRestart);
  const auto seed = [](const char* name, const std::vector<Record>& records) {
    return Seed{name, BytesOf(records)};
  };
  // The same message each time.
  Sender sender;
  const Record first = sender.Next("first, ");
  const Record second = sender.Next("second, ");
  const Record last = sender.Last("last");
  const Record whole = Sender().Last("whole");
  Sender other(8);
  const Record other_first = other.Next("other");
  const Record other_last = other.Last("");
  const Record wrong_crc = Changed(second, [](v1::SendRequest& r) { r.set_crc32c(1); });
  const Record wrong_prefix =
      Changed(second, [](v1::SendRequest& r) { r.set_prefix_crc32c(1); });
  const Record wrong_digest =
      Changed(last, [](v1::SendRequest& r) { r.mutable_finish_write()->set_sha256("short"); });
  const Record wrong_total =
      Changed(last, [](v1::SendRequest& r) { r.mutable_finish_write()->set_total_bytes(3); });
  const Record no_run = Changed(first, [](v1::SendRequest& r) { r.clear_run_id(); });
  const Record a_file = Changed(first, [](v1::SendRequest& r) { r.set_payload_bytes(5); });
  return {
      seed("nothing", {}),
      seed("one_chunk", {whole, end, Query()}),
      seed("three_chunks", {first, second, last, end}),
      seed("cut_and_resumed", {first, cut, Query(), second, last, end}),
      seed("cut_twice", {first, cut, Query(), second, cut, Query(), last, end}),
      seed("ended_early", {first, end, Query(), second, last, end}),
      seed("restarted", {first, cut, restart, Query(), second, restart, Query(), last, end}),
      seed("sealed_and_restarted", {whole, end, restart, Query()}),
      seed("said_again", {whole, end, whole, end}),
      seed("chunk_twice", {first, first, second}),
      seed("chunk_skipped", {first, last, end}),
      seed("taken_over", {first, Query(), second}),
      seed("chunk_after_the_end", {whole, second, end}),
      seed("wrong_crc", {first, wrong_crc, second}),
      seed("wrong_prefix", {first, end, Query(), wrong_prefix}),
      seed("wrong_digest", {first, second, wrong_digest, Query(), whole}),
      seed("wrong_total", {first, second, wrong_total, end}),
      seed("no_run", {no_run}),
      seed("a_file", {a_file, end, second}),
      seed("two_runs", {first, cut, other_first, cut, Query(8), other_last, end}),
      seed("unknown_run", {Query(9)}),
      seed("not_protobuf", {Event(ChannelEvent::kChunk, "\xff\xff\xff")}),
      seed("long_chunk", {Sender().Next(std::string(700, 'x')), end}),
  };
}

}  // namespace kvwire
