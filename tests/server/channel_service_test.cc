// Bob's end of the channel, spoken to chunk by chunk.

#include <filesystem>
#include <string>
#include <vector>

#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/calls.h"
#include "tests/server/spool_directory.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

// Sends the chunks as one stream; returns how it ended.
absl::Status Send(TestBob& bob, const std::vector<v1::SendRequest>& chunks) {
  return SendChunks(*bob.channel, chunks).status;
}

// `data` in chunks of at most `size` bytes.
std::vector<v1::SendRequest> Chunks(uint64_t run_id, const std::string& data, size_t size) {
  std::vector<v1::SendRequest> chunks;
  for (size_t offset = 0; offset < data.size(); offset += size) {
    v1::SendRequest& chunk = chunks.emplace_back();
    chunk.set_write_offset(static_cast<int64_t>(offset));
    chunk.set_data(data.substr(offset, size));
    chunk.set_crc32c(Crc32c(chunk.data()));
  }
  const v1::SendRequest whole = WholeChunk(run_id, data);
  chunks.front().set_run_id(run_id);
  chunks.front().set_parameters_digest(whole.parameters_digest());
  *chunks.back().mutable_finish_write() = whole.finish_write();
  return chunks;
}

std::string TestData(size_t size) {
  std::string data;
  for (size_t i = 0; i < size; ++i) data.push_back(static_cast<char>(i * i + i / 7));
  return data;
}

class ChannelServiceTest : public ::testing::Test {
 protected:
  std::string Held(uint64_t run_id) {
    return *(*bob_.store.FindSealed(run_id))->Read(0, int64_t{1} << 20);
  }

  TestBob bob_;
  const std::string data_ = TestData(1000);
};

TEST_F(ChannelServiceTest, TakesAMessageInAnyNumberOfChunks) {
  for (const size_t size : {1000, 999, 500, 300, 7}) {
    const Reply reply = SendChunks(*bob_.channel, Chunks(size, data_, size));
    EXPECT_THAT(reply.status, IsOk());
    v1::SendResponse response;
    ASSERT_TRUE(response.ParseFromString(reply.bytes));
    EXPECT_EQ(response.committed_size(), 1000);
    EXPECT_EQ(Held(size), data_);
  }
}

TEST_F(ChannelServiceTest, SaysOfALongMessageHowMuchIsCommitted) {
  constexpr int64_t kMebibyte = int64_t{1} << 20;
  const std::string directory = MakeSpoolDirectory();
  {
    TestBob on_disk(int64_t{1} << 30, *Spool::Open(directory));
    for (TestBob* bob : {&bob_, &on_disk}) {
      ChannelStream stream(*bob->channel);
      const std::string data(10 * kMebibyte, 'x');
      for (const v1::SendRequest& chunk : Chunks(1, data, kMebibyte)) {
        ASSERT_TRUE(stream.Write(chunk));
      }
      EXPECT_THAT(stream.Finish().status, IsOk());
      EXPECT_THAT(stream.committed(),
                  ElementsAre(4 * kMebibyte, 8 * kMebibyte, 10 * kMebibyte));
    }
  }
  std::filesystem::remove_all(directory);
}

TEST_F(ChannelServiceTest, CountsTheMessagesAndTheirSerializedBytes) {
  const std::vector<v1::SendRequest> chunks = Chunks(1, data_, 300);
  ASSERT_THAT(Send(bob_, chunks), IsOk());
  std::string serialized;
  for (const v1::SendRequest& chunk : chunks) serialized += chunk.SerializeAsString();
  const v1::ChannelLedger ledger = (*bob_.store.Find(1))->Ledger(absl::ZeroDuration());
  EXPECT_EQ(ledger.message_count(), 4);
  EXPECT_EQ(ledger.message_bytes(), static_cast<int64_t>(serialized.size()));
  EXPECT_EQ(ledger.snapshot_bytes(), 1000);
}

TEST_F(ChannelServiceTest, RefusesAChunkAtTheWrongOffset) {
  std::vector<v1::SendRequest> skipped = Chunks(1, data_, 300);
  skipped.erase(skipped.begin() + 1);
  EXPECT_THAT(Send(bob_, skipped), StatusIs(Code::kOutOfRange, HasSubstr("at offset 600")));
  std::vector<v1::SendRequest> repeated = Chunks(2, data_, 300);
  repeated.insert(repeated.begin() + 1, repeated[1]);
  EXPECT_THAT(Send(bob_, repeated),
              StatusIs(Code::kOutOfRange, HasSubstr("offset 600 was expected")));
  std::vector<v1::SendRequest> swapped = Chunks(3, data_, 300);
  std::swap(swapped[1], swapped[2]);
  EXPECT_THAT(Send(bob_, swapped), StatusIs(Code::kOutOfRange, HasSubstr("offset 300")));
}

TEST_F(ChannelServiceTest, RefusesEveryFlippedBitOfAChunk) {
  const std::string data = TestData(8);
  for (size_t bit = 0; bit < 64; ++bit) {
    v1::SendRequest chunk = WholeChunk(1 + bit, data);
    (*chunk.mutable_data())[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_THAT(Send(bob_, {chunk}), StatusIs(Code::kDataLoss, HasSubstr("CRC32C")));
  }
}

TEST_F(ChannelServiceTest, RefusesAWrongLengthOrDigestAtTheEnd) {
  v1::SendRequest longer = WholeChunk(1, data_);
  longer.mutable_finish_write()->set_total_bytes(1001);
  EXPECT_THAT(Send(bob_, {longer}),
              StatusIs(Code::kDataLoss, HasSubstr("1000 bytes, not 1001")));
  v1::SendRequest other = WholeChunk(2, data_);
  other.mutable_finish_write()->set_sha256(Sha256Of("another"));
  EXPECT_THAT(Send(bob_, {other}), StatusIs(Code::kDataLoss, HasSubstr("SHA-256")));
}

TEST_F(ChannelServiceTest, NeverSaysOkToAStreamWithoutAFinishingChunk) {
  const std::vector<v1::SendRequest> chunks = Chunks(1, data_, 100);
  for (size_t count = 1; count < chunks.size(); ++count) {
    std::vector<v1::SendRequest> cut(chunks.begin(), chunks.begin() + count);
    cut.front().set_run_id(count);
    EXPECT_THAT(Send(bob_, cut),
                StatusIs(Code::kDataLoss, HasSubstr("without a finishing chunk")));
    EXPECT_THAT(bob_.store.FindSealed(count),
                StatusIs(Code::kFailedPrecondition, HasSubstr("not complete")));
  }
  EXPECT_THAT(Send(bob_, {}), StatusIs(Code::kDataLoss, HasSubstr("without a chunk")));
}

TEST_F(ChannelServiceTest, RefusesAnOpeningWithoutRunOrDigest) {
  EXPECT_THAT(Send(bob_, {WholeChunk(0, data_)}),
              StatusIs(Code::kInvalidArgument, HasSubstr("run id")));
  v1::SendRequest chunk = WholeChunk(1, data_);
  chunk.set_parameters_digest("short");
  EXPECT_THAT(Send(bob_, {chunk}), StatusIs(Code::kInvalidArgument, HasSubstr("16 bytes")));
}

TEST_F(ChannelServiceTest, RefusesAnEmptyChunkAndOneAfterTheEnd) {
  std::vector<v1::SendRequest> chunks = Chunks(1, data_, 500);
  chunks[1].clear_data();
  chunks[1].clear_finish_write();
  EXPECT_THAT(Send(bob_, chunks), StatusIs(Code::kInvalidArgument, HasSubstr("empty")));
  v1::SendRequest after;
  after.set_write_offset(1000);
  after.set_data("x");
  EXPECT_THAT(Send(bob_, {WholeChunk(2, data_), after}),
              StatusIs(Code::kInvalidArgument, HasSubstr("follows the finishing one")));
  EXPECT_EQ(Held(2), data_);  // what was sealed stays as it was
}

TEST_F(ChannelServiceTest, ARunIsOneMessageButABrokenOneMayBeSentAgain) {
  v1::SendRequest damaged = WholeChunk(1, data_);
  damaged.set_crc32c(damaged.crc32c() + 1);
  EXPECT_THAT(Send(bob_, {damaged}), StatusIs(Code::kDataLoss, HasSubstr("CRC32C")));
  EXPECT_THAT(Send(bob_, {WholeChunk(1, data_)}), IsOk());
  EXPECT_THAT(Send(bob_, {WholeChunk(1, "other")}),
              StatusIs(Code::kAlreadyExists, HasSubstr("run 0000000000000001")));
  EXPECT_EQ(Held(1), data_);
}

TEST_F(ChannelServiceTest, RefusesMoreBytesOrMessagesThanItMayHold) {
  TestBob small(/*message_limit_bytes=*/999);
  EXPECT_THAT(Send(small, {WholeChunk(1, data_)}),
              StatusIs(Code::kResourceExhausted, HasSubstr("--message-limit")));
  for (uint64_t run = 1; run <= MessageStore::kMaxMessages; ++run) {
    ASSERT_THAT(Send(bob_, {WholeChunk(run, "data")}), IsOk());
  }
  const uint64_t more = MessageStore::kMaxMessages + 1;
  EXPECT_THAT(Send(bob_, {WholeChunk(more, "data")}),
              StatusIs(Code::kResourceExhausted, HasSubstr("close a run first")));
  bob_.store.Remove(7);
  EXPECT_THAT(Send(bob_, {WholeChunk(more, "data")}), IsOk());
}

TEST_F(ChannelServiceTest, TheAnswerHasOneFieldAndNoRoomForAnIndex) {
  const auto* descriptor = v1::SendResponse::descriptor();
  ASSERT_EQ(descriptor->field_count(), 1);
  EXPECT_EQ(descriptor->field(0)->name(), "committed_size");
}

TEST_F(ChannelServiceTest, OpeningAChunkCostsAtMost48BytesOfParametersAnd8OfRunId) {
  const v1::SendRequest chunk = WholeChunk(~uint64_t{0}, data_);
  EXPECT_LE(chunk.parameters_digest().size(), 48U);
  EXPECT_EQ(sizeof(chunk.run_id()), 8U);
  v1::SendRequest bare = chunk;
  bare.clear_run_id();
  bare.clear_parameters_digest();
  EXPECT_LE(chunk.ByteSizeLong() - bare.ByteSizeLong(), 48U + 8U);
}

}  // namespace
}  // namespace kvwire
