// Joining and splitting against generated code, which is the oracle for both.

#include "common/wire/bulk_message.h"

#include <grpcpp/support/slice.h>

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kvwire/v1/algorithm.pb.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr int kData = v1::RestoreRequest::kDataFieldNumber;

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// In slices of `piece` bytes.
grpc::ByteBuffer BufferOf(const std::string& bytes, size_t piece) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += piece)
    slices.emplace_back(bytes.substr(at, piece));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

v1::RestoreRequest Fields() {
  v1::RestoreRequest fields;
  fields.mutable_open()->set_protocol_version(1);
  fields.mutable_open()->mutable_parameters()->set_algorithm("exact");
  return fields;
}

// Splits, and puts together again what came out.
absl::StatusOr<v1::RestoreRequest> Split(const grpc::ByteBuffer& buffer) {
  v1::RestoreRequest request;
  absl::Cord data;
  const absl::Status status = SplitBulkMessage(buffer, kData, request, data);
  if (!status.ok()) return status;
  EXPECT_EQ(request.data(), "");
  request.set_data(std::string(data));
  return request;
}

TEST(BulkMessageTest, AJoinedMessageIsWhatGeneratedCodeSerializes) {
  for (const size_t size : {0, 1, 15, 16, 127, 128, 511, 512, 513, 16383, 16384, 1 << 20}) {
    const std::string data = RandomBytes(size);
    v1::RestoreRequest expected = Fields();
    expected.set_data(data);
    absl::Cord pieces;  // a cord of several chunks
    for (size_t at = 0; at < size; at += 5000) pieces.Append(data.substr(at, 5000));
    for (const absl::Cord& cord : {absl::Cord(data), pieces}) {
      EXPECT_EQ(BytesOf(JoinBulkMessage(Fields(), kData, cord)), expected.SerializeAsString());
    }
  }
}

TEST(BulkMessageTest, WhatGeneratedCodeSerializesIsSplitHoweverItIsCutIntoSlices) {
  v1::RestoreRequest expected = Fields();
  expected.set_data(RandomBytes(3000));
  for (const size_t piece : {1, 2, 7, 600, 4000}) {
    const auto split = Split(BufferOf(expected.SerializeAsString(), piece));
    ASSERT_THAT(split, IsOk());
    EXPECT_EQ(split->SerializeAsString(), expected.SerializeAsString());
  }
}

TEST(BulkMessageTest, FieldsMayComeInAnyOrderAndTheLastDataCounts) {
  v1::RestoreRequest first, last;
  first.set_data("first");
  last.set_data("last");
  const std::string bytes =
      first.SerializeAsString() + Fields().SerializeAsString() + last.SerializeAsString();
  const auto split = Split(BufferOf(bytes, 3));
  ASSERT_THAT(split, IsOk());
  EXPECT_EQ(split->data(), "last");
  EXPECT_EQ(split->open().parameters().algorithm(), "exact");
}

TEST(BulkMessageTest, AgreesWithGeneratedCodeOnWhatIsAMessage) {
  v1::RestoreRequest whole = Fields();
  whole.set_data("some bytes of data");
  const std::string good = whole.SerializeAsString();
  std::mt19937_64 random(5);
  int refused = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (uint64_t flips = random() % 3; flips > 0 && !bytes.empty(); --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
    }
    v1::RestoreRequest expected;
    const bool good_bytes = expected.ParseFromString(bytes);
    const auto split = Split(BufferOf(bytes, 1 + random() % 40));
    ASSERT_EQ(split.ok(), good_bytes) << trial;
    if (good_bytes) {
      ASSERT_EQ(split->SerializeAsString(), expected.SerializeAsString()) << trial;
    } else {
      ++refused;
      ASSERT_EQ(split.status().code(), Code::kInvalidArgument);
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 19000);
}

TEST(BulkMessageTest, NoMoreThan64KiBMayStandBesideTheData) {
  v1::RestoreRequest whole;
  whole.set_data(RandomBytes(1 << 20));
  whole.mutable_open()->mutable_parameters()->set_algorithm(std::string(60000, 'a'));
  EXPECT_THAT(Split(BufferOf(whole.SerializeAsString(), 3)), IsOk());
  whole.mutable_open()->mutable_parameters()->set_algorithm(std::string(70000, 'a'));
  EXPECT_THAT(Split(BufferOf(whole.SerializeAsString(), 3)),
              StatusIs(Code::kInvalidArgument, HasSubstr("64 KiB")));
  std::string strangers;
  while (strangers.size() <= kMaxSmallFieldBytes) strangers += std::string("\x78\x00", 2);
  EXPECT_EQ(Split(BufferOf(strangers, 3)).status().code(), Code::kInvalidArgument);
}

TEST(BulkMessageTest, LargeDataIsSentFromWhereItLiesAndKeptUntilTheBufferGoes) {
  const std::string data = RandomBytes(1 << 20);
  bool released = false;
  grpc::ByteBuffer buffer = JoinBulkMessage(
      Fields(), kData, absl::MakeCordFromExternal(data, [&released] { released = true; }));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(buffer.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 2U);
  EXPECT_EQ(static_cast<const void*>(slices[1].begin()),
            static_cast<const void*>(data.data()));
  slices.clear();
  EXPECT_FALSE(released);
  buffer.Clear();
  EXPECT_TRUE(released);
}

TEST(BulkMessageTest, LargeDataStaysWhereItWasReceived) {
  const grpc::ByteBuffer buffer =
      JoinBulkMessage(Fields(), kData, absl::Cord(RandomBytes(1 << 20)));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(buffer.Dump(&slices).ok());
  v1::RestoreRequest fields;
  absl::Cord data;
  ASSERT_THAT(SplitBulkMessage(buffer, kData, fields, data), IsOk());
  ASSERT_TRUE(data.TryFlat().has_value());
  EXPECT_EQ(static_cast<const void*>(data.TryFlat()->data()),
            static_cast<const void*>(slices.back().begin()));
}

TEST(BulkMessageTest, AMessageWithoutALargeFieldIsJoinedAndSplitToo) {
  v1::SnapshotRequest request;
  request.set_session_id(77);
  v1::SnapshotRequest got;
  ASSERT_THAT(SplitMessage(JoinMessage(request), got), IsOk());
  EXPECT_EQ(got.session_id(), 77);
  ASSERT_THAT(SplitMessage(grpc::ByteBuffer(), got), IsOk());
  EXPECT_EQ(got.session_id(), 0);
  EXPECT_EQ(SplitMessage(BufferOf("\x08", 1), got).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace kvwire
