// How Alice cuts the snapshot, and what she makes of a Bob who does not do his part.

#include <openssl/sha.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/base/cord_views.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/alice/alice_transfer.h"
#include "tests/kv/container.h"
#include "tests/server/bob_calls.h"
#include "tests/server/fake_channel.h"
#include "tests/server/whole_run.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 6;
constexpr int64_t kMebibyte = 1048576;

std::string RandomBytes(int64_t size) {
  std::mt19937_64 random(11);
  std::string bytes(static_cast<size_t>(size), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Bytes of the field of a number, its tag being one byte; 0 is not written.
int64_t NumberBytes(int64_t value) {
  int64_t bytes = value > 0 ? 1 : 0;
  for (; value > 0; value >>= 7) ++bytes;
  return bytes;
}

// The lengths of the chunks of a snapshot of `size` bytes: 1, 1, 2, 4, 4, .. MiB.
std::vector<int64_t> ChunkSizes(int64_t size) {
  std::vector<int64_t> sizes;
  int64_t offset = 0;
  do {
    const int64_t whole = offset == 0 ? kMebibyte : std::min(offset, 4 * kMebibyte);
    sizes.push_back(std::min(whole, size - offset));
    offset += sizes.back();
  } while (offset < size);
  return sizes;
}

// The serialized size of all chunks of a snapshot of `size` bytes, field by field.
int64_t MessageBytes(int64_t size, std::optional<int64_t> payload_bytes) {
  int64_t bytes = 1 + 8 + 2 + 16;  // run id, digest
  if (payload_bytes.has_value()) bytes += *payload_bytes > 0 ? NumberBytes(*payload_bytes) : 2;
  int64_t offset = 0;
  for (const int64_t data : ChunkSizes(size)) {
    if (size > 0) bytes += NumberBytes(offset) + (1 + 4) + NumberBytes(data) + data;
    offset += data;
  }
  return bytes + 2 + NumberBytes(size) + 2 + 32;  // finish
}

// What `source` writes, sent over one connection.
absl::StatusOr<Transfer> Send(const Endpoint& bob, std::optional<int64_t> payload_bytes,
                              MessageSource source) {
  constexpr absl::Duration kPatience = absl::Seconds(60);
  Cancellation cancellation;
  const TransferOptions options{.channel = bob,
                                .run_id = kRun,
                                .parameters_digest = "sixteen bytes :)",
                                .payload_bytes = payload_bytes,
                                .patience = kPatience};
  return TransferMessage(ConnectMeasured(bob, kPatience, "Bob's channel").value(), options,
                         source, cancellation);
}

using Write = absl::FunctionRef<absl::Status(absl::Cord)>;

TEST(AliceChunksTest, AnySnapshotIsCutAtTheSamePlacesWhateverPiecesComeIn) {
  TestBob bob;
  for (const int64_t size : {int64_t{0}, int64_t{1}, int64_t{127}, int64_t{128}, kMebibyte - 1,
                             kMebibyte, kMebibyte + 1, 3 * kMebibyte, 12 * kMebibyte + 77}) {
    const std::string data = RandomBytes(size);
    // Pieces of any length make the same message.
    for (const size_t piece : {size_t{40}, size_t{700001}, size_t{4} << 20}) {
      if (size / static_cast<int64_t>(piece) > 10000) continue;
      const auto sent = Send(bob.server.endpoint(), size, [&](Write write) {
        absl::Status status;
        for (size_t at = 0; status.ok() && at < data.size(); at += piece) {
          status = write(absl::Cord(CordView(std::string_view(data).substr(at, piece))));
        }
        return status;
      });
      ASSERT_THAT(sent.status(), IsOk());
      const v1::ChannelLedger& ledger = sent->ledger;
      EXPECT_EQ(ledger.snapshot_bytes(), size);
      EXPECT_EQ(ledger.message_count(), static_cast<int64_t>(ChunkSizes(size).size()));
      EXPECT_EQ(ledger.message_bytes(), MessageBytes(size, size)) << size;
      const v1::ChannelLedger bobs = GetLedger(*bob.stub, kRun, 60)->ledger();
      EXPECT_EQ(bobs.message_count(), ledger.message_count());
      EXPECT_EQ(bobs.message_bytes(), ledger.message_bytes());
      EXPECT_TRUE(GetMessage(*bob.stub, kRun)->bytes == data);
      ASSERT_THAT(CloseRun(*bob.stub, kRun), IsOk());
    }
  }
}

TEST(AliceChunksTest, APayloadThatIsNoFileCostsNothing) {
  TestBob bob;
  const auto sent = Send(bob.server.endpoint(), std::nullopt,
                         [](Write write) { return write(absl::Cord("abc")); });
  EXPECT_EQ(sent->ledger.message_bytes(), MessageBytes(3, std::nullopt));
}

TEST(AliceChunksTest, OnlyRunDigestAndSnapshotCross) {
  const WholeRun run;
  FakeChannel bob;
  std::vector<v1::SendRequest> chunks;
  std::set<std::string> metadata;
  bob.send = [&](grpc::ServerContext& context, FakeChannel::Stream& reader,
                 v1::SendResponse& response) {
    for (const auto& [key, value] : context.client_metadata())
      metadata.emplace(key.data(), key.size());
    v1::SendRequest chunk;
    while (reader.Read(&chunk)) chunks.push_back(chunk);
    response.set_committed_size(ContainerBytes(8, 5, 5 * 64) + 5 * 64);
    return grpc::Status::OK;
  };
  LoopbackServer server({&bob});
  v1::SpeakOpening opening = run.Opening(kRun);
  opening.set_channel_endpoint(server.endpoint().ToString());
  const auto spoken = Speak(*run.alice->stub, opening, run.bits);
  ASSERT_THAT(spoken, IsOk());
  const std::string text =
      "kvwire-parameters-2 problem=var scales=1,2,4 d=8 frame=unit seed=1 sharpness=0x1.4p+4 "
      "values=bits eta=0x0p+0,worst algorithm=exact";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  v1::SendRequest expected;
  expected.set_run_id(kRun);
  expected.set_parameters_digest(std::string(reinterpret_cast<char*>(digest), 16));
  ASSERT_EQ(chunks.size(), 1U);
  expected.set_crc32c(chunks[0].crc32c());
  expected.set_data(chunks[0].data());
  expected.mutable_finish_write()->set_total_bytes(ContainerBytes(8, 5, 5 * 64) + 5 * 64);
  SHA256(reinterpret_cast<const unsigned char*>(chunks[0].data().data()),
         chunks[0].data().size(), digest);
  expected.mutable_finish_write()->set_sha256(
      std::string(reinterpret_cast<char*>(digest), 32));
  EXPECT_EQ(chunks[0].SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(spoken->snapshot_sha256(), expected.finish_write().sha256());
  EXPECT_THAT(metadata, ::testing::ElementsAre("user-agent"));
}

// The first error of a sender that writes for as long as it may.
absl::Status EndlessWrites(FakeChannel& bob) {
  LoopbackServer server({&bob});
  const absl::Cord piece(std::string(1 << 20, 'x'));
  return Send(server.endpoint(), std::nullopt,
              [&](Write write) {
                absl::Status status;
                while (status.ok()) status = write(piece);
                return status;
              })
      .status();
}

TEST(AliceChunksTest, ABobWhoStopsListeningIsFoundOut) {
  FakeChannel bob;
  bob.send = [](auto&, auto&, auto&) { return grpc::Status::OK; };
  EXPECT_THAT(EndlessWrites(bob),
              StatusIs(Code::kDataLoss, HasSubstr("Bob ended the channel")));
}

TEST(AliceChunksTest, WhatBobRefusesInTheMiddleIsReturned) {
  FakeChannel bob;
  bob.send = [](auto&, FakeChannel::Stream& reader, auto&) {
    v1::SendRequest chunk;
    reader.Read(&chunk);
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no room");
  };
  EXPECT_THAT(EndlessWrites(bob),
              StatusIs(Code::kResourceExhausted, "Bob's channel: no room"));
}

TEST(AliceChunksTest, ABobWhoCommitsAnotherLengthIsFoundOut) {
  const WholeRun run;
  for (const int64_t committed :
       {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{342}, int64_t{344}, INT64_MAX}) {
    FakeChannel bob;
    bob.send = [committed](auto&, FakeChannel::Stream& reader, v1::SendResponse& response) {
      v1::SendRequest chunk;
      while (reader.Read(&chunk)) continue;
      response.set_committed_size(committed);
      return grpc::Status::OK;
    };
    LoopbackServer server({&bob});
    v1::SpeakOpening opening = run.Opening(kRun);
    opening.set_channel_endpoint(server.endpoint().ToString());
    EXPECT_THAT(
        Speak(*run.alice->stub, opening, run.bits),
        StatusIs(Code::kDataLoss,
                 HasSubstr("Bob committed " + std::to_string(committed) + " bytes of 343")));
  }
}

}  // namespace
}  // namespace kvwire
