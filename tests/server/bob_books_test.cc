// What Bob tells the driver of a message besides its bits.

#include <random>
#include <string>

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

std::string RandomBytes(size_t size) {
  std::mt19937_64 random(20);
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

class BobBooksTest : public ::testing::Test {
 protected:
  TestBob bob_;
};

TEST_F(BobBooksTest, SaysWhereItsChannelIs) {
  bob_.channel_endpoint = {"::1", 7003};
  grpc::ClientContext context;
  v1::GetChannelResponse response;
  ASSERT_THAT(FromGrpc(bob_.stub->GetChannel(&context, {}, &response)), IsOk());
  EXPECT_EQ(response.endpoint(), "[::1]:7003");
}

TEST_F(BobBooksTest, ReturnsALongMessageAsItCame) {
  // More than two pieces of a MiB, in chunks that are cut elsewhere.
  const std::string data = RandomBytes((2 << 20) + 4321);
  v1::SendRequest first = WholeChunk(1, data.substr(0, 1234567));
  v1::SendRequest last = WholeChunk(0, data.substr(1234567));
  last.clear_parameters_digest();
  last.set_write_offset(1234567);
  *last.mutable_finish_write() = WholeChunk(1, data).finish_write();
  first.clear_finish_write();
  ASSERT_THAT(SendChunks(*bob_.channel, {first, last}).status, IsOk());
  const auto message = GetMessage(*bob_.stub, 1);
  ASSERT_THAT(message, IsOk());
  EXPECT_TRUE(message->bytes == data);
  EXPECT_EQ(message->pieces, 3U);
}

TEST_F(BobBooksTest, ReturnsNoMessageThatDidNotArriveWhole) {
  EXPECT_THAT(GetMessage(*bob_.stub, 9),
              StatusIs(Code::kNotFound, HasSubstr("no message of run 0000000000000009")));
  v1::SendRequest chunk = WholeChunk(9, "data");
  chunk.clear_finish_write();
  ASSERT_THAT(SendChunks(*bob_.channel, {chunk}).status,
              StatusIs(Code::kDataLoss, HasSubstr("finishing")));
  EXPECT_THAT(GetMessage(*bob_.stub, 9),
              StatusIs(Code::kFailedPrecondition, HasSubstr("not complete: 4 bytes arrived")));
}

TEST_F(BobBooksTest, TheLedgerHoldsEachLayerOfTheMessage) {
  v1::SendRequest chunk = WholeChunk(1, "data");
  chunk.set_payload_bytes(0);
  ASSERT_THAT(SendChunks(*bob_.channel, {chunk}).status, IsOk());
  const auto books = GetLedger(*bob_.stub, 1, 0);
  ASSERT_THAT(books, IsOk());
  EXPECT_EQ(books->ledger().snapshot_bytes(), 4);
  EXPECT_EQ(books->ledger().message_count(), 1);
  // Run id 1 + 8, digest 2 + 16, payload bytes 1 + 1, checksum 1 + 4, finish
  // 2 + (1 + 1) + (2 + 32), data 2 + 4.
  EXPECT_EQ(books->ledger().message_bytes(), 9 + 18 + 2 + 5 + 2 + 2 + 34 + 6);
  ASSERT_EQ(books->ledger().connections_size(), 1);
  EXPECT_GT(books->ledger().connections(0).received_bytes(), books->ledger().message_bytes());
  // The connection of the stub is open.
  EXPECT_FALSE(books->ledger().connections(0).final());
  EXPECT_EQ(books->snapshot_sha256(), chunk.finish_write().sha256());
  EXPECT_TRUE(books->has_payload_bytes());
  EXPECT_EQ(books->payload_bytes(), 0);
}

TEST_F(BobBooksTest, APayloadThatIsNoFileHasNoLength) {
  ASSERT_THAT(SendChunks(*bob_.channel, {WholeChunk(1, "data")}).status, IsOk());
  EXPECT_FALSE(GetLedger(*bob_.stub, 1, 0)->has_payload_bytes());
}

TEST_F(BobBooksTest, ThereIsNoLedgerWithoutAMessage) {
  EXPECT_THAT(GetLedger(*bob_.stub, 3, 0), StatusIs(Code::kNotFound, HasSubstr("no message")));
}

TEST_F(BobBooksTest, ClosingARunThatIsNotThereIsNoError) {
  EXPECT_THAT(CloseRun(*bob_.stub, 3), IsOk());
  ASSERT_THAT(SendChunks(*bob_.channel, {WholeChunk(3, "data")}).status, IsOk());
  EXPECT_THAT(CloseRun(*bob_.stub, 3), IsOk());
  EXPECT_THAT(CloseRun(*bob_.stub, 3), IsOk());
  EXPECT_THAT(GetLedger(*bob_.stub, 3, 0), StatusIs(Code::kNotFound, HasSubstr("no message")));
}

}  // namespace
}  // namespace kvwire
