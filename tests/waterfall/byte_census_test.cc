#include "common/waterfall/byte_census.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/waterfall/conversation.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

using Sizes = std::map<std::string, int64_t>;

// The categories that are not empty.
Sizes NotEmpty(const StreamBytes& stream) {
  Sizes sizes;
  for (const ByteCategory& category : stream.Categories()) {
    if (category.bytes != 0) sizes[std::string(category.name)] = category.bytes;
  }
  return sizes;
}

int64_t Size(const std::string& bytes) { return static_cast<int64_t>(bytes.size()); }

TEST(ByteCensusTest, EveryByteOfAShortConversationHasItsPlace) {
  const std::string chunk = Chunk("no snapshot");
  const std::string answer = "\x08\x0b";  // committed_size: 11
  const std::string response_headers = Literal(":status", "200");
  const std::string trailers = Literal("grpc-status", "0");
  ByteCensus census;
  const std::string first = ClientOpening() + Frame(0, 1, 1, GrpcMessage(chunk));
  ASSERT_TRUE(census.Append(Sender::kClient, first).ok());
  const std::string back = EmptySettings() + SettingsAck() + Frame(8, 0, 0, BigEndian(99, 4)) +
                           Frame(6, 0, 0, "12345678") + Frame(1, 4, 1, response_headers) +
                           Frame(0, 0, 1, GrpcMessage(answer)) + Frame(1, 5, 1, trailers);
  ASSERT_TRUE(census.Append(Sender::kServer, back).ok());
  const std::string last = SettingsAck() + Frame(6, 1, 0, "12345678") +
                           Frame(3, 0, 1, BigEndian(8, 4)) +
                           Frame(7, 0, 0, BigEndian(0, 8) + "bye");
  ASSERT_TRUE(census.Append(Sender::kClient, last).ok());

  const auto found = census.Finish();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->run_id, kRun);
  EXPECT_EQ(NotEmpty(found->client), (Sizes{{"preface", 24},
                                            {"frame_headers", 9 * 7},
                                            {"headers", Size(RequestHeaders(kChannelPath))},
                                            {"grpc_prefixes", 5},
                                            {"protobuf", Size(chunk) - 11},
                                            {"other_data", 11},
                                            {"ping", 8},
                                            {"rst_stream", 4},
                                            {"goaway", 11}}));
  EXPECT_EQ(found->client.Total(), Size(first) + Size(last));
  EXPECT_EQ(NotEmpty(found->server),
            (Sizes{{"frame_headers", 9 * 7},
                   {"headers", Size(response_headers) + Size(trailers)},
                   {"window_update", 4},
                   {"ping", 8},
                   {"grpc_prefixes", 5},
                   {"protobuf", 2}}));
  EXPECT_EQ(found->server.Total(), Size(back));
}

TEST(ByteCensusTest, TheSumIsTheSameWhereverTheBytesAreCut) {
  const std::string bytes = ClientOpening() + Frame(0, 0, 1, GrpcMessage(Chunk("abc"))) +
                            Frame(0, 1, 1, GrpcMessage(Chunk("def")));
  for (size_t step = 1; step <= bytes.size(); ++step) {
    ByteCensus census;
    for (size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(census.Append(Sender::kClient, bytes.substr(at, step)).ok());
    }
    const auto found = census.Finish();
    ASSERT_TRUE(found.ok()) << step;
    EXPECT_EQ(found->client.Total(), Size(bytes)) << step;
    EXPECT_EQ(found->client.other_data, 6);
    EXPECT_EQ(found->client.messages, 2);
  }
}

TEST(ByteCensusTest, PaddingContinuationsAndUnknownFramesAreSeen) {
  const std::string headers = RequestHeaders(kChannelPath);
  const std::string bytes =
      std::string(kPreface) + EmptySettings() + Frame(1, 0, 1, headers.substr(0, 20)) +
      Frame(9, 4, 1, headers.substr(20)) + Frame(0xbe, 0, 0, "what") +
      Frame(0, 8, 1, BigEndian(3, 1) + GrpcMessage("") + std::string(3, 0));
  ByteCensus census;
  ASSERT_TRUE(census.Append(Sender::kClient, bytes).ok());
  const auto found = census.Finish();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(NotEmpty(found->client), (Sizes{{"preface", 24},
                                            {"frame_headers", 9 * 5},
                                            {"headers", Size(headers)},
                                            {"other_frames", 4},
                                            {"data_padding", 4},
                                            {"grpc_prefixes", 5}}));
  EXPECT_EQ(found->client.Total(), Size(bytes));
}

TEST(ByteCensusTest, FramesAreAsLargeAsTheOtherEndAllows) {
  // SETTINGS_MAX_FRAME_SIZE and SETTINGS_INITIAL_WINDOW_SIZE of Bob, which Alice uses once
  // she has acknowledged them.
  const std::string settings =
      BigEndian(5, 2) + BigEndian(1 << 20, 4) + BigEndian(4, 2) + BigEndian(1 << 22, 4);
  const std::string chunk = GrpcMessage(Chunk(std::string(900000, 'x')));
  ByteCensus census;
  ASSERT_TRUE(census.Append(Sender::kClient, ClientOpening()).ok());
  ASSERT_TRUE(census.Append(Sender::kServer, Frame(4, 0, 0, settings)).ok());
  ASSERT_TRUE(census.Append(Sender::kClient, SettingsAck() + Frame(0, 1, 1, chunk)).ok());
  const auto found = census.Finish();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->client.other_data, 900000);

  ByteCensus not_allowed;
  const auto status =
      not_allowed.Append(Sender::kClient, ClientOpening() + Frame(0, 1, 1, chunk));
  EXPECT_FALSE(status.ok() && not_allowed.Finish().ok());
}

TEST(ByteCensusTest, AnUnfinishedMessageHasNoPlaceSoTheSumIsShort) {
  const std::string message = GrpcMessage(Chunk("abc"));
  const std::string bytes =
      ClientOpening() + Frame(0, 0, 1, message.substr(0, message.size() - 1));
  ByteCensus census;
  ASSERT_TRUE(census.Append(Sender::kClient, bytes).ok());
  const auto found = census.Finish();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->client.Total(), Size(bytes) - Size(message) + 1);
}

TEST(ByteCensusTest, NoDamageMakesItCountMoreThanThereIs) {
  const std::string sound =
      ClientOpening() + Frame(0, 0, 1, GrpcMessage(Chunk("abc"))) + Frame(6, 0, 0, "12345678");
  for (size_t at = 0; at < sound.size(); ++at) {
    for (const int flip : {1, 0x10, 0x80, 0xff}) {
      std::string damaged = sound;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      ByteCensus census;
      if (!census.Append(Sender::kClient, damaged).ok()) continue;
      const auto found = census.Finish();
      EXPECT_TRUE(!found.ok() || found->client.Total() <= Size(damaged)) << at;
    }
  }
}

TEST(ByteCensusTest, MessagesOfOtherCallsAreNotTakenApart) {
  ByteCensus census;
  const std::string bytes =
      ClientOpening("/another.Service/Call") + Frame(0, 1, 1, GrpcMessage("\xff\xff\xff"));
  ASSERT_TRUE(census.Append(Sender::kClient, bytes).ok());
  const auto found = census.Finish();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->client.protobuf, 3);
  EXPECT_EQ(found->run_id, 0);
}

TEST(ByteCensusTest, WhatIsNoChunkIsAnError) {
  ByteCensus census;
  const auto status = census.Append(
      Sender::kClient, ClientOpening() + Frame(0, 1, 1, GrpcMessage("\xff\xff\xff")));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(census.Finish().status(), status);
}

TEST(ByteCensusTest, WhatIsNotHttp2IsAnError) {
  ByteCensus census;
  EXPECT_EQ(census.Append(Sender::kClient, "GET / HTTP/1.1\r\n\r\n             ").code(),
            absl::StatusCode::kDataLoss);
}

TEST(ByteCensusTest, AFrameThatBreaksOffIsAnError) {
  ByteCensus census;
  const std::string bytes = ClientOpening() + Frame(6, 0, 0, "12345678");
  ASSERT_TRUE(census.Append(Sender::kClient, bytes.substr(0, bytes.size() - 3)).ok());
  const auto status = census.Finish().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not whole frames"));
}

}  // namespace
}  // namespace kvwire
