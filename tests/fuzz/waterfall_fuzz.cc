// Taking any bytes for a capture, or for the two streams of a connection to Bob's channel:
// a documented error, or counts that add up to no more than what was there.
//
// The first byte says which: odd, the rest is a file of captured packets; even, it is
// records (records.h) of what Alice (even) and Bob (odd) sent in turn.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include "common/waterfall/byte_census.h"
#include "common/waterfall/capture_census.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/records.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

void RequireCounts(const StreamBytes& stream, int64_t bytes) {
  for (const ByteCategory& category : stream.Categories()) {
    Require(category.bytes >= 0, "a count is not negative");
  }
  Require(stream.Total() <= bytes, "no byte is counted twice");
}

void TryCapture(std::string_view bytes) {
  if (bytes.empty()) return;
  // fmemopen reads only: what it is given is not written to.
  FILE* const file = fmemopen(const_cast<char*>(bytes.data()), bytes.size(), "rb");
  Require(file != nullptr, "a file in memory");
  const auto connections = CensusOfCapture(file, std::nullopt);
  if (!connections.ok()) {
    return RequireCode(connections.status(), {Code::kInvalidArgument, Code::kDataLoss});
  }
  for (const CapturedConnection& connection : *connections) {
    Require(!connection.client.empty() && !connection.server.empty(), "ends have names");
    if (!connection.bytes.ok()) {
      RequireCode(connection.bytes.status(),
                  {Code::kDataLoss, Code::kFailedPrecondition, Code::kResourceExhausted});
      continue;
    }
    const auto all = static_cast<int64_t>(bytes.size());
    RequireCounts(connection.bytes->to_bob.stream, all);
    RequireCounts(connection.bytes->to_alice.stream, all);
  }
}

void TryConnection(std::string_view bytes) {
  ByteCensus census;
  int64_t sent[2] = {0, 0};
  absl::Status status;
  for (const Record& piece : RecordsOf(bytes)) {
    const bool bob = piece.kind % 2 != 0;
    sent[bob ? 1 : 0] += static_cast<int64_t>(piece.bytes.size());
    status = census.Append(bob ? Sender::kServer : Sender::kClient, piece.bytes);
    if (!status.ok()) break;
  }
  const auto found = census.Finish();
  if (!found.ok()) {
    Require(status.ok() || status == found.status(), "an error is final");
    return RequireCode(found.status(), {Code::kDataLoss, Code::kResourceExhausted});
  }
  RequireCounts(found->client, sent[0]);
  RequireCounts(found->server, sent[1]);
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 != 0) {
    kvwire::TryCapture(rest);
  } else {
    kvwire::TryConnection(rest);
  }
  return 0;
}
