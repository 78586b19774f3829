// Nothing that Bob is asked can be seen in what he answers to Alice.

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kvwire/v1/channel.pb.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/whole_run.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kEarlierRun = 3;
constexpr uint64_t kRun = 4;

using Question = std::function<absl::StatusOr<Decoded>(TestBob&)>;

// All that Alice hears from a Bob who is asked `question` after an earlier message,
// before hers, while it is under way, and after it: her message, the same again, a
// damaged one, one without an end.
std::vector<Reply> Replies(const WholeRun& run, const Question& question) {
  TestBob& bob = *run.bob;
  const std::string message = GetMessage(*bob.stub, kEarlierRun)->bytes;
  question(bob).IgnoreError();
  std::vector<Reply> replies;
  replies.push_back(SendChunks(*bob.channel, {WholeChunk(kRun, message, run.parameters)}));
  question(bob).IgnoreError();
  replies.push_back(SendChunks(*bob.channel, {WholeChunk(kRun, message, run.parameters)}));
  v1::SendRequest damaged = WholeChunk(kRun + 1, message, run.parameters);
  damaged.set_crc32c(~damaged.crc32c());
  replies.push_back(SendChunks(*bob.channel, {damaged}));
  question(bob).IgnoreError();
  v1::SendRequest endless = WholeChunk(kRun + 2, message, run.parameters);
  endless.clear_finish_write();
  replies.push_back(SendChunks(*bob.channel, {endless}));
  return replies;
}

std::vector<Question> Questions(const PublicParameters& parameters) {
  std::vector<Question> questions;
  const auto ask = [&](const v1::DecodeRequest& request) {
    questions.push_back([request](TestBob& bob) { return Decode(*bob.stub, request); });
  };
  for (const uint64_t run : {kEarlierRun, kRun}) {
    ask(AskAll(run, parameters));
    ask(AskAllWithConfidences(run, parameters));
    ask(Ask(run, parameters, {0}));
    ask(Ask(run, parameters, {39}));
    ask(Ask(run, parameters, {8, 8, 1, 30}));
    ask(Ask(run, parameters, {40}));  // which is refused
  }
  return questions;
}

// `committed` is the serialized size of her message.
void ExpectTheSameReplies(const PublicParameters& parameters, const std::string& committed) {
  std::vector<Reply> unasked;
  {
    WholeRun run(parameters);
    ASSERT_THAT(run.Speak(kEarlierRun), IsOk());
    unasked = Replies(run, [](TestBob&) { return Decoded(); });
  }
  ASSERT_EQ(unasked.size(), 4U);
  EXPECT_EQ(unasked[0].bytes, committed);
  EXPECT_THAT(unasked[0].status, IsOk());
  EXPECT_THAT(unasked[1].status, StatusIs(Code::kAlreadyExists, HasSubstr("run")));
  EXPECT_THAT(unasked[2].status, StatusIs(Code::kDataLoss, HasSubstr("CRC32C")));
  EXPECT_THAT(unasked[3].status, StatusIs(Code::kDataLoss, HasSubstr("finishing")));
  for (const Question& question : Questions(parameters)) {
    WholeRun run(parameters);
    ASSERT_THAT(run.Speak(kEarlierRun), IsOk());
    EXPECT_TRUE(Replies(run, question) == unasked);
  }
}

TEST(OneWayRepliesTest, AreTheSameWhateverBobIsAsked) {
  // A tag and the 360 committed bytes as a varint.
  ExpectTheSameReplies(SmallParameters(), "\x08\xd7\x02");
}

TEST(OneWayRepliesTest, AreTheSameOutsideOfScalesToo) {
  PublicParameters parameters = SmallParameters();
  parameters.shape = *ProblemShape::OfSize(Problem::kTensor4, 5);
  parameters.decoding = {.encoding = ValueEncoding::kSigns, .eta = 0.5};
  // 40 + 5 rows of 32 numbers: 680 bytes.
  ExpectTheSameReplies(parameters, "\x08\x97\x05");
}

TEST(OneWayRepliesTest, DoNotDependOnTheBitsEither) {
  std::vector<Reply> heard;
  for (const std::string bits : {"\x01\x80\x55\xaa\x3c", "\xff\xff\xff\xff\xff"}) {
    WholeRun run("bitplane");
    run.bits = bits;
    ASSERT_THAT(run.Speak(kEarlierRun), IsOk());
    const std::string message = GetMessage(*run.bob->stub, kEarlierRun)->bytes;
    heard.push_back(
        SendChunks(*run.bob->channel, {WholeChunk(kRun, message, run.parameters)}));
  }
  EXPECT_TRUE(heard[0] == heard[1]);
}

TEST(OneWayRepliesTest, HaveRoomForTransportStateOnly) {
  const auto* response = v1::SendResponse::descriptor();
  ASSERT_EQ(response->field_count(), 1);
  EXPECT_EQ(response->extension_range_count(), 0);
  EXPECT_EQ(response->field(0)->name(), "committed_size");
  EXPECT_EQ(response->field(0)->type(), google::protobuf::FieldDescriptor::TYPE_INT64);
  EXPECT_FALSE(response->field(0)->is_repeated());
  const auto* service = response->file()->FindServiceByName("OneWayChannelService");
  ASSERT_EQ(service->method_count(), 2);
  EXPECT_TRUE(service->method(0)->client_streaming());
  EXPECT_TRUE(service->method(0)->server_streaming());
  EXPECT_FALSE(service->method(1)->server_streaming());
  const auto* status = v1::QueryWriteStatusResponse::descriptor();
  ASSERT_EQ(service->method(1)->output_type(), status);
  ASSERT_EQ(status->field_count(), 2);
  EXPECT_EQ(status->field(0)->name(), "committed_size");
  EXPECT_EQ(status->field(0)->type(), google::protobuf::FieldDescriptor::TYPE_INT64);
  EXPECT_EQ(status->field(1)->name(), "complete");
  EXPECT_EQ(status->field(1)->type(), google::protobuf::FieldDescriptor::TYPE_BOOL);
}

}  // namespace
}  // namespace kvwire
