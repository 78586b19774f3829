// Streams of one message that follow each other: what Bob has is not sent again, and nothing
// but the rest of the same message is taken.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/checksum.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/spool_directory.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 7;

// The chunks, 100 bytes each, of `data` from `begin` on to `end`; the finishing one if that
// is all.
std::vector<v1::SendRequest> Chunks(const std::string& data, size_t begin, size_t end,
                                    uint32_t connection_id = 0) {
  std::vector<v1::SendRequest> chunks;
  const v1::SendRequest whole = WholeChunk(kRun, data);
  size_t at = begin;
  do {
    v1::SendRequest& chunk = chunks.emplace_back();
    chunk.set_write_offset(static_cast<int64_t>(at));
    chunk.set_data(data.substr(at, std::min<size_t>(100, end - at)));
    chunk.set_crc32c(Crc32c(chunk.data()));
    at += chunk.data().size();
  } while (at < end);
  if (end == data.size()) *chunks.back().mutable_finish_write() = whole.finish_write();
  v1::SendRequest& first = chunks.front();
  first.set_run_id(kRun);
  first.set_parameters_digest(whole.parameters_digest());
  first.set_connection_id(connection_id);
  if (begin > 0) first.set_prefix_crc32c(Crc32c(data.substr(0, begin)));
  return chunks;
}

absl::StatusOr<v1::QueryWriteStatusResponse> Query(TestBob& bob, uint64_t run_id = kRun,
                                                   uint32_t connection_id = 99) {
  grpc::ClientContext context;
  v1::QueryWriteStatusRequest request;
  request.set_run_id(run_id);
  request.set_connection_id(connection_id);
  v1::QueryWriteStatusResponse response;
  const absl::Status status =
      FromGrpc(bob.channel->QueryWriteStatus(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

class ChannelResumeTest : public ::testing::Test {
 protected:
  ChannelResumeTest() {
    for (size_t i = 0; i < 1000; ++i) data_.push_back(static_cast<char>(i * i + i / 7));
    directory_ = MakeSpoolDirectory();
    Restart();
  }
  ~ChannelResumeTest() override {
    bob_.reset();
    std::filesystem::remove_all(directory_);
  }

  // A Bob in the place of the last one, on the same spool.
  void Restart() {
    bob_.reset();
    bob_.emplace(int64_t{1} << 26, *Spool::Open(directory_));
  }

  absl::Status Send(const std::vector<v1::SendRequest>& chunks) {
    return SendChunks(*bob_->channel, chunks).status;
  }
  std::string Held() { return *(*bob_->store.FindSealed(kRun))->Read(0, 10000); }

  std::string data_;
  std::string directory_;
  std::optional<TestBob> bob_;
};

TEST_F(ChannelResumeTest, AStreamGoesOnWhereTheLastOneBroke) {
  for (size_t cut = 100; cut < 1000; cut += 100) {
    ASSERT_THAT(Send(Chunks(data_, 0, cut)),
                StatusIs(Code::kDataLoss, HasSubstr("finishing")));
    const auto status = Query(*bob_);
    EXPECT_EQ(status->committed_size(), static_cast<int64_t>(cut));
    EXPECT_FALSE(status->complete());
    EXPECT_THAT(Send(Chunks(data_, cut, 1000)), IsOk());
    EXPECT_EQ(Held(), data_);
    EXPECT_EQ(Query(*bob_)->committed_size(), 1000);
    EXPECT_TRUE(Query(*bob_)->complete());
    bob_->store.Remove(kRun);
  }
}

TEST_F(ChannelResumeTest, AStreamGoesOnWithABobWhoWasStartedAgain) {
  for (size_t cut = 100; cut < 1000; cut += 100) {
    ASSERT_THAT(Send(Chunks(data_, 0, cut)),
                StatusIs(Code::kDataLoss, HasSubstr("finishing")));
    Restart();
    EXPECT_EQ(Query(*bob_)->committed_size(), static_cast<int64_t>(cut));
    EXPECT_THAT(Send(Chunks(data_, cut, 1000)), IsOk());
    Restart();
    EXPECT_EQ(Held(), data_);
    EXPECT_TRUE(Query(*bob_)->complete());
    EXPECT_EQ(GetLedger(*bob_->stub, kRun, 0)->snapshot_sha256(), Sha256Of(data_));
    bob_->store.Remove(kRun);
    EXPECT_THAT(Query(*bob_), StatusIs(Code::kNotFound, HasSubstr("no message")));
  }
}

TEST_F(ChannelResumeTest, AsksForARunThatIsKnown) {
  EXPECT_THAT(Query(*bob_), StatusIs(Code::kNotFound, HasSubstr("run 0000000000000007")));
  EXPECT_THAT(Query(*bob_, 0), StatusIs(Code::kInvalidArgument, HasSubstr("names no run")));
}

TEST_F(ChannelResumeTest, NothingCannotBeGoneOnWith) {
  EXPECT_THAT(Send(Chunks(data_, 300, 1000)),
              StatusIs(Code::kOutOfRange, HasSubstr("cannot go on at byte 300")));
}

TEST_F(ChannelResumeTest, RefusesAStreamThatBeginsElsewhere) {
  ASSERT_FALSE(Send(Chunks(data_, 0, 500)).ok());
  for (const size_t begin : {0, 400, 600}) {
    EXPECT_THAT(Send(Chunks(data_, begin, 1000)),
                StatusIs(Code::kOutOfRange, HasSubstr("where offset 500 was expected")));
  }
  EXPECT_THAT(Send(Chunks(data_, 500, 1000)), IsOk());
}

TEST_F(ChannelResumeTest, RefusesTheRestOfAnotherMessage) {
  ASSERT_FALSE(Send(Chunks(data_, 0, 500)).ok());
  std::string other = data_;
  other[499] = static_cast<char>(other[499] ^ 1);
  EXPECT_THAT(Send(Chunks(other, 500, 1000)),
              StatusIs(Code::kAborted, HasSubstr("it needs a new run")));
  std::vector<v1::SendRequest> unproved = Chunks(data_, 500, 1000);
  unproved.front().clear_prefix_crc32c();
  EXPECT_THAT(Send(unproved), StatusIs(Code::kInvalidArgument, HasSubstr("needs the CRC32C")));
  std::vector<v1::SendRequest> elsewhere = Chunks(data_, 500, 1000);
  elsewhere.front().set_parameters_digest("another digest..");
  EXPECT_THAT(Send(elsewhere), StatusIs(Code::kAborted, HasSubstr("other parameters")));
  std::vector<v1::SendRequest> file = Chunks(data_, 500, 1000);
  file.front().set_payload_bytes(3);
  EXPECT_THAT(Send(file), StatusIs(Code::kAborted, HasSubstr("other parameters")));
  EXPECT_THAT(Send(Chunks(data_, 500, 1000)), IsOk());
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, AQueryEndsTheStreamBeforeIt) {
  ChannelStream stream(*bob_->channel);
  const std::vector<v1::SendRequest> chunks = Chunks(data_, 0, 1000);
  stream.Write(chunks[0]);
  while (!bob_->store.Find(kRun).ok() ||
         (*bob_->store.Find(kRun))->Ledger(absl::ZeroDuration()).snapshot_bytes() < 100) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(Query(*bob_)->committed_size(), 100);
  // What comes late of the old stream changes nothing any more.
  stream.Write(chunks[1]);
  EXPECT_THAT(stream.Finish().status, StatusIs(Code::kAborted, HasSubstr("took over")));
  EXPECT_THAT(Send(Chunks(data_, 100, 1000)), IsOk());
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, ARefusedChunkLeavesWhatIsCommitted) {
  const auto refused = [&](size_t at, void (*spoil)(v1::SendRequest&)) {
    std::vector<v1::SendRequest> chunks = Chunks(data_, at, at + 200);
    spoil(chunks[1]);
    EXPECT_FALSE(Send(chunks).ok());
    EXPECT_EQ(Query(*bob_)->committed_size(), static_cast<int64_t>(at + 100));
  };
  // Altered, duplicate, skipped, empty: one chunk was good, the other is none.
  refused(0, [](v1::SendRequest& chunk) { chunk.mutable_data()->front() ^= 1; });
  refused(100, [](v1::SendRequest& chunk) { chunk.set_write_offset(100); });
  refused(200, [](v1::SendRequest& chunk) { chunk.set_write_offset(400); });
  refused(300, [](v1::SendRequest& chunk) { chunk.clear_data(); });
  EXPECT_THAT(Send(Chunks(data_, 400, 1000)), IsOk());
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, AnEndWhoseAnswerWasLostIsAnsweredAgain) {
  ASSERT_THAT(Send(Chunks(data_, 0, 1000)), IsOk());
  v1::SendRequest again = Chunks(data_, 900, 1000).front();
  again.set_write_offset(1000);
  again.clear_data();
  again.clear_crc32c();
  const Reply reply = SendChunks(*bob_->channel, {again});
  EXPECT_THAT(reply.status, IsOk());
  v1::SendResponse response;
  ASSERT_TRUE(response.ParseFromString(reply.bytes));
  EXPECT_EQ(response.committed_size(), 1000);
  // Anything else is another message.
  v1::SendRequest other = again;
  other.mutable_finish_write()->set_sha256(Sha256Of("other"));
  EXPECT_THAT(Send({other}), StatusIs(Code::kAlreadyExists, HasSubstr("message already")));
  other = again;
  other.set_write_offset(900);
  EXPECT_THAT(Send({other}), StatusIs(Code::kAlreadyExists, HasSubstr("message already")));
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, AMessageWhoseEndIsWrongIsDiscardedAndMayBeginAnew) {
  std::vector<v1::SendRequest> chunks = Chunks(data_, 0, 1000);
  chunks.back().mutable_finish_write()->set_sha256(Sha256Of("other"));
  ASSERT_THAT(Send(chunks), StatusIs(Code::kDataLoss, HasSubstr("SHA-256")));
  EXPECT_THAT(Query(*bob_), StatusIs(Code::kNotFound, HasSubstr("discarded")));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/0000000000000007.part"));
  EXPECT_THAT(Send(Chunks(data_, 0, 1000)), IsOk());
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, EachConnectionIsARowAndOneThatDiedWithBobHasNoCount) {
  ASSERT_FALSE(Send(Chunks(data_, 0, 300)).ok());
  Restart();
  ASSERT_THAT(Query(*bob_, kRun, 99), IsOk());
  ASSERT_THAT(Send(Chunks(data_, 300, 1000, 99)), IsOk());
  const auto books = GetLedger(*bob_->stub, kRun, 0);
  ASSERT_EQ(books->ledger().connections_size(), 2);
  const v1::TcpCount& first = books->ledger().connections(0);
  EXPECT_EQ(first.ended(), v1::CONNECTION_END_KILLED);
  EXPECT_EQ(first.connection_id(), 0U);
  EXPECT_EQ(first.received_bytes(), 0);
  const v1::TcpCount& second = books->ledger().connections(1);
  EXPECT_EQ(second.ended(), v1::CONNECTION_END_CLEAN);
  EXPECT_EQ(second.connection_id(), 99U);
  EXPECT_GT(second.received_bytes(), 700);
  EXPECT_EQ(books->ledger().message_count(), 10);
  EXPECT_EQ(books->ledger().snapshot_bytes(), 1000);
}

TEST_F(ChannelResumeTest, AMessageIsItsSendersAloneOverAllLivesOfBob) {
  const v1::SendRequest chunk = Chunks(data_, 0, 100).front();
  const auto begun =
      bob_->store.Begin(chunk, "kvwire-alice", std::make_shared<const TcpMeter>());
  ASSERT_THAT(begun->message->Append(begun->number, {chunk, absl::Cord(chunk.data())}),
              IsOk());
  for (int life = 0; life < 2; ++life) {
    EXPECT_THAT(Query(*bob_), StatusIs(Code::kPermissionDenied, HasSubstr("another caller")));
    EXPECT_THAT(Send(Chunks(data_, 100, 1000)),
                StatusIs(Code::kPermissionDenied, HasSubstr("another caller")));
    v1::QueryWriteStatusRequest request;
    const auto status =
        (*bob_->store.Find(kRun))
            ->WriteStatus(request, "kvwire-alice", std::make_shared<const TcpMeter>());
    EXPECT_EQ(status->committed_size(), 100);
    Restart();
  }
}

TEST_F(ChannelResumeTest, WhoAskedFirstOwnsAMessageOverAllLivesOfBob) {
  ASSERT_THAT(Send(Chunks(data_, 0, 1000)), IsOk());
  EXPECT_THAT(bob_->store.Claim(kRun, ""), IsOk());
  EXPECT_THAT(bob_->store.Claim(kRun, "first"), IsOk());
  Restart();
  EXPECT_THAT(bob_->store.Claim(kRun, "first"), IsOk());
  for (const char* other : {"second", ""}) {
    EXPECT_THAT(bob_->store.Claim(kRun, other),
                StatusIs(Code::kPermissionDenied, HasSubstr("another caller")));
  }
  EXPECT_EQ(Held(), data_);
}

TEST_F(ChannelResumeTest, ADamagedSpoolFileIsDataLoss) {
  ASSERT_THAT(Send(Chunks(data_, 0, 1000)), IsOk());
  bob_.reset();
  const std::string path = directory_ + "/0000000000000007.message";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  Restart();
  EXPECT_THAT(GetMessage(*bob_->stub, kRun), StatusIs(Code::kDataLoss, HasSubstr("damaged")));
  EXPECT_THAT(Query(*bob_), StatusIs(Code::kDataLoss, HasSubstr("damaged")));
  EXPECT_THAT(CloseRun(*bob_->stub, kRun), IsOk());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ChannelResumeTest, ThePartThatIsIdleForLongestMakesRoom) {
  ASSERT_FALSE(Send(Chunks(data_, 0, 100)).ok());
  for (uint64_t run = 1000; run < 1000 + MessageStore::kMaxMessages - 1; ++run) {
    ASSERT_THAT(Send({WholeChunk(run, "data")}), IsOk());
  }
  ASSERT_THAT(Send({WholeChunk(2000, "data")}), IsOk());
  EXPECT_THAT(Query(*bob_), StatusIs(Code::kNotFound, HasSubstr("no message")));
  EXPECT_THAT(Send({WholeChunk(2001, "data")}),
              StatusIs(Code::kResourceExhausted, HasSubstr("close a run first")));
}

}  // namespace
}  // namespace kvwire
