// Streams of the one-way channel that are under way, break off, or crowd the store.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/wire/bulk_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

// "123456789", whose CRC32C and SHA-256 are published check values.
v1::SendRequest CheckValueChunk(uint64_t run_id) {
  v1::SendRequest chunk;
  chunk.set_run_id(run_id);
  chunk.set_parameters_digest("sixteen bytes :)");
  chunk.set_data("123456789");
  chunk.set_crc32c(0xe3069283);
  chunk.mutable_finish_write()->set_total_bytes(9);
  chunk.mutable_finish_write()->set_sha256(
      "\x15\xe2\xb0\xd3\xc3\x38\x91\xeb\xb0\xf1\xef\x60\x9e\xc4\x19\x42"
      "\x0c\x20\xe3\x20\xce\x94\xc6\x5f\xbc\x8c\x33\x12\x44\x8e\xb2\x25");
  return chunk;
}

v1::SendRequest Unfinished(uint64_t run_id) {
  v1::SendRequest chunk = CheckValueChunk(run_id);
  chunk.clear_finish_write();
  return chunk;
}

// A stream whose first chunk has arrived.
struct OpenStream {
  OpenStream(TestBob& bob, uint64_t run_id) : stream(bob.channel->Send(&context)) {
    stream->Write(Unfinished(run_id));
    while (!bob.store.Find(run_id).ok() || (*bob.store.Find(run_id))->committed_bytes() < 9) {
      absl::SleepFor(absl::Milliseconds(1));
    }
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SendRequest, v1::SendResponse>> stream;
};

class ChannelStreamsTest : public ::testing::Test {
 protected:
  absl::Status Send(const std::vector<v1::SendRequest>& chunks) {
    return SendChunks(*bob_.channel, chunks).status;
  }

  TestBob bob_;
  std::shared_ptr<grpc::Channel> bob_channel_ = ControlChannel(bob_.server.endpoint());
};

TEST_F(ChannelStreamsTest, ChecksumsAreThePublishedOnes) {
  EXPECT_THAT(Send({CheckValueChunk(1)}), IsOk());
  v1::SendRequest chunk = CheckValueChunk(2);
  chunk.set_crc32c(0xcbf43926);  // CRC-32 of zip, another polynomial
  EXPECT_THAT(Send({chunk}), StatusIs(Code::kDataLoss, HasSubstr("has CRC32C 3808858755")));
}

TEST_F(ChannelStreamsTest, AnEmptySnapshotIsAMessage) {
  v1::SendRequest chunk;
  chunk.set_run_id(1);
  chunk.set_parameters_digest("sixteen bytes :)");
  chunk.mutable_finish_write()->set_sha256(
      "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
      "\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55");
  EXPECT_THAT(Send({chunk}), IsOk());
  EXPECT_EQ(GetMessage(*bob_.stub, 1)->bytes, "");
}

TEST_F(ChannelStreamsTest, TheFinishingChunkMayHoldNoData) {
  v1::SendRequest finish;
  finish.set_write_offset(9);
  *finish.mutable_finish_write() = CheckValueChunk(1).finish_write();
  EXPECT_THAT(Send({Unfinished(1), finish}), IsOk());
  EXPECT_EQ(GetMessage(*bob_.stub, 1)->bytes, "123456789");
}

TEST_F(ChannelStreamsTest, RefusesANegativeOffset) {
  v1::SendRequest chunk = CheckValueChunk(1);
  chunk.set_write_offset(-1);
  EXPECT_THAT(Send({chunk}), StatusIs(Code::kOutOfRange, HasSubstr("at byte -1")));
}

TEST_F(ChannelStreamsTest, ARunUnderWayAdmitsNoSecondStream) {
  OpenStream first(bob_, 1);
  EXPECT_THAT(Send({CheckValueChunk(1)}),
              StatusIs(Code::kAlreadyExists, HasSubstr("a run is one message")));
  // The first one is not disturbed.
  v1::SendRequest finish;
  finish.set_write_offset(9);
  *finish.mutable_finish_write() = CheckValueChunk(1).finish_write();
  first.stream->Write(finish);
  first.stream->WritesDone();
  v1::SendResponse response;
  EXPECT_TRUE(first.stream->Read(&response));
  EXPECT_THAT(FromGrpc(first.stream->Finish()), IsOk());
  EXPECT_EQ(response.committed_size(), 9);
}

TEST_F(ChannelStreamsTest, WhatAStreamLeftWhoseSenderIsGoneIsGoneOnWith) {
  {
    OpenStream stream(bob_, 1);
    stream.context.TryCancel();
    EXPECT_THAT(FromGrpc(stream.stream->Finish()), StatusIs(Code::kCancelled, ::testing::_));
  }
  // Bob hears of it a little later.
  while (!(*bob_.store.Find(1))->idle_since().has_value()) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_THAT(bob_.store.FindSealed(1),
              StatusIs(Code::kFailedPrecondition, HasSubstr("9 bytes arrived")));
  EXPECT_THAT(Send({CheckValueChunk(1)}),
              StatusIs(Code::kOutOfRange, HasSubstr("offset 9 was expected")));
  v1::SendRequest rest = CheckValueChunk(1);
  rest.set_write_offset(9);
  rest.set_prefix_crc32c(0xe3069283);
  rest.clear_data();
  rest.clear_crc32c();
  EXPECT_THAT(Send({rest}), IsOk());
}

TEST_F(ChannelStreamsTest, NothingFollowsTheEndNorTheEndSaidAgain) {
  v1::SendRequest again = CheckValueChunk(1);
  again.set_write_offset(9);
  again.clear_data();
  again.clear_crc32c();
  const auto refused = StatusIs(Code::kInvalidArgument, HasSubstr("follows the finishing"));
  EXPECT_THAT(Send({CheckValueChunk(1), again}), refused);
  EXPECT_THAT(Send({again}), IsOk());
  EXPECT_THAT(Send({again, again}), refused);
  EXPECT_EQ((*bob_.store.Find(1))->Ledger(absl::ZeroDuration()).message_count(), 3);
}

TEST_F(ChannelStreamsTest, AStreamThatBreaksInAChunkIsOver) {
  grpc::ClientContext context;
  const auto stream = StartBulkExchange(
      *bob_channel_, MethodPath(v1::OneWayChannelService::service_full_name(), "Send"),
      &context);
  stream->Write(JoinMessage(Unfinished(1)));
  const grpc::Slice garbage("\xff\xff\xff");
  stream->Write(grpc::ByteBuffer(&garbage, 1));
  EXPECT_THAT(FromGrpc(stream->Finish()), StatusIs(Code::kInvalidArgument, ::testing::_));
  EXPECT_TRUE((*bob_.store.Find(1))->idle_since().has_value());
  EXPECT_THAT(bob_.store.FindSealed(1),
              StatusIs(Code::kFailedPrecondition, HasSubstr("ended after 9 bytes")));
}

TEST_F(ChannelStreamsTest, ACallerWhoAsksUnderManyNamesCostsOneDescriptor) {
  ASSERT_THAT(Send({CheckValueChunk(1)}), IsOk());
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = descriptors();
  for (uint32_t id = 1; id <= 500; ++id) {
    grpc::ClientContext context;
    v1::QueryWriteStatusRequest request;
    request.set_run_id(1);
    request.set_connection_id(id);
    v1::QueryWriteStatusResponse response;
    ASSERT_TRUE(bob_.channel->QueryWriteStatus(&context, request, &response).ok());
  }
  EXPECT_LE(descriptors(), before + 1);
}

TEST_F(ChannelStreamsTest, TheLimitHoldsForTheWholeMessage) {
  TestBob small(/*message_limit_bytes=*/9);
  EXPECT_THAT(SendChunks(*small.channel, {CheckValueChunk(1)}).status, IsOk());
  v1::SendRequest more;
  more.set_write_offset(9);
  more.set_data("0");
  EXPECT_THAT(
      SendChunks(*small.channel, {Unfinished(2), more}).status,
      StatusIs(Code::kResourceExhausted, HasSubstr("longer than the limit of 9 bytes")));
}

TEST_F(ChannelStreamsTest, BrokenMessagesMakeRoomWhereSealedOnesDoNot) {
  for (uint64_t run = 1; run < MessageStore::kMaxMessages; ++run) {
    ASSERT_THAT(Send({CheckValueChunk(run)}), IsOk());
  }
  ASSERT_THAT(Send({Unfinished(1000)}), StatusIs(Code::kDataLoss, HasSubstr("finishing")));
  EXPECT_THAT(Send({CheckValueChunk(1001)}), IsOk());
  EXPECT_THAT(bob_.store.Find(1000), StatusIs(Code::kNotFound, HasSubstr("3e8")));
  EXPECT_THAT(Send({CheckValueChunk(1002)}),
              StatusIs(Code::kResourceExhausted, HasSubstr("Bob holds 256 messages")));
  EXPECT_THAT(bob_.store.FindSealed(1), IsOk());
}

}  // namespace
}  // namespace kvwire
