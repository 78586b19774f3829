#include "server/calls/request_parsing.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kvwire/v1/algorithm.pb.h"
#include "kvwire/v1/alice.pb.h"
#include "kvwire/v1/bob.pb.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr int64_t kMiB = int64_t{1} << 20;

// `slices` slices, of which the last may be longer.
grpc::ByteBuffer BufferOf(const std::string& bytes, size_t slices = 3) {
  std::vector<grpc::Slice> cut;
  const size_t step = bytes.size() / slices;
  for (size_t k = 0; k < slices; ++k) {
    cut.emplace_back(bytes.substr(k * step, k + 1 < slices ? step : std::string::npos));
  }
  return grpc::ByteBuffer(cut.data(), cut.size());
}

// `bytes`, so often.
std::string Repeated(const std::string& bytes, int64_t count) {
  std::string all;
  for (int64_t k = 0; k < count; ++k) all += bytes;
  return all;
}

// As it stands in the message that has it as field `number` below 16.
std::string Nested(int number, const std::string& bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  for (size_t size = bytes.size(); size > 0; size >>= 7) {
    field += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
  }
  return field + bytes;
}

// Fields that no message here has: number 15 is a varint in the first, a group in the last.
const std::vector<std::string>& Strangers() {
  static const auto& strangers = *new std::vector<std::string>{
      std::string("\x78\x00", 2), std::string("\x7a\x01x", 3), std::string("\x7b\x7c", 2)};
  return strangers;
}

template <typename Request>
absl::Status ParsedWithin(int64_t budget_bytes, const std::string& bytes, Request& request,
                          int64_t* booked = nullptr) {
  MemoryBudget budget(budget_bytes);
  MemoryAccount account(budget);
  const absl::Status status = ParseRequest(BufferOf(bytes), request, account);
  if (booked != nullptr) *booked = budget.used_bytes();
  return status;
}

TEST(RequestParsingTest, AMessageIsWhatWasSent) {
  for (const size_t bytes : {size_t{0}, size_t{1}, kFreeRequestBytes, size_t{3} << 20}) {
    v1::IngestRequest sent;
    sent.set_session_id(7);
    sent.set_rows(-1);
    sent.set_closes_scale(true);
    sent.set_keys(std::string(bytes, 'k'));
    v1::IngestRequest request;
    ASSERT_THAT(ParsedWithin(4 * kMiB, sent.SerializeAsString(), request), IsOk());
    EXPECT_EQ(request.SerializeAsString(), sent.SerializeAsString());
  }
}

TEST(RequestParsingTest, WithoutAnyBytesTheMessageIsEmpty) {
  MemoryBudget none(0);
  MemoryAccount account(none);
  v1::SnapshotRequest request;
  EXPECT_THAT(ParseRequest(grpc::ByteBuffer(), request, account), IsOk());
  EXPECT_EQ(request.ByteSizeLong(), 0);
}

TEST(RequestParsingTest, FieldsThatNobodyKnowsAreDroppedWhereverTheyAre) {
  for (const int64_t count : {1, 100000}) {
    for (const std::string& stranger : Strangers()) {
      const std::string many = Repeated(stranger, count);
      v1::CacheParameters parameters;
      parameters.set_algorithm("exact");
      v1::OpenRequest request;
      int64_t booked = 0;
      ASSERT_THAT(
          ParsedWithin(64 * kMiB,
                       many + Nested(2, parameters.SerializeAsString() + many) + "\x08\x01",
                       request, &booked),
          IsOk());
      EXPECT_EQ(request.protocol_version(), 1);
      EXPECT_EQ(request.parameters().algorithm(), "exact");
      EXPECT_EQ(request.GetReflection()->GetUnknownFields(request).SpaceUsedLong(),
                google::protobuf::UnknownFieldSet().SpaceUsedLong());
      request.mutable_parameters()->clear_algorithm();
      EXPECT_EQ(request.ByteSizeLong(), 4);  // a version and empty parameters
      EXPECT_LT(booked, 1024);
    }
  }
}

TEST(RequestParsingTest, FieldsThatNobodyKnowsNeedMemoryBeforeTheyAreDropped) {
  for (const std::string& stranger : Strangers()) {
    // Of each the parser keeps 16 bytes at least.
    const std::string many = Repeated(stranger, kMiB);
    for (const std::string& bytes : {many, Nested(2, many)}) {
      v1::OpenRequest request;
      int64_t booked = 0;
      EXPECT_THAT(ParsedWithin(16 * kMiB, bytes, request, &booked),
                  StatusIs(Code::kResourceExhausted,
                           AllOf(HasSubstr("16777216"), HasSubstr("try again"),
                                 HasSubstr("--memory-budget"))));
      EXPECT_EQ(booked, 0);
      EXPECT_EQ(request.ByteSizeLong(), 0);
    }
  }
}

TEST(RequestParsingTest, LongListsAreBookedAsWhatTheyTake) {
  v1::DecodeRequest sent;
  for (int64_t k = 0; k < kMiB; ++k) sent.add_positions(k);
  v1::DecodeRequest request;
  int64_t booked = 0;
  ASSERT_THAT(ParsedWithin(32 * kMiB, sent.SerializeAsString(), request, &booked), IsOk());
  EXPECT_EQ(request.positions_size(), kMiB);
  EXPECT_GE(booked, 8 * kMiB);
  EXPECT_LE(booked, 17 * kMiB);
  v1::DecodeRequest refused;
  EXPECT_THAT(ParsedWithin(8 * kMiB, sent.SerializeAsString(), refused),
              StatusIs(Code::kResourceExhausted, HasSubstr("--memory-budget")));
}

TEST(RequestParsingTest, ALongFieldTakesAsMuchAsItIsLong) {
  v1::SpeakRequest sent;
  sent.set_bits(std::string(kMiB, 'b'));
  v1::SpeakRequest request;
  int64_t booked = 0;
  ASSERT_THAT(ParsedWithin(kMiB + 4096, sent.SerializeAsString(), request, &booked), IsOk());
  EXPECT_GE(booked, kMiB);
  v1::SpeakRequest refused;
  EXPECT_THAT(ParsedWithin(kMiB - 1, sent.SerializeAsString(), refused),
              StatusIs(Code::kResourceExhausted, HasSubstr("--memory-budget")));
}

TEST(RequestParsingTest, WhatOneRequestTakesAnotherCannotHave) {
  v1::SpeakRequest sent;
  sent.set_bits(std::string(kMiB, 'b'));
  const grpc::ByteBuffer bytes = BufferOf(sent.SerializeAsString());
  MemoryBudget budget(3 * kMiB / 2);
  v1::SpeakRequest request;
  {
    MemoryAccount first(budget);
    ASSERT_THAT(ParseRequest(bytes, request, first), IsOk());
    v1::SpeakRequest other;
    MemoryAccount second(budget);
    EXPECT_THAT(ParseRequest(bytes, other, second),
                StatusIs(Code::kResourceExhausted, HasSubstr("others hold")));
  }
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(RequestParsingTest, ShortRequestsNeedNoBudget) {
  v1::SpeakRequest sent;
  sent.set_bits(std::string(kFreeRequestBytes - 16, 'b'));
  v1::SpeakRequest request;
  EXPECT_THAT(ParsedWithin(0, sent.SerializeAsString(), request), IsOk());
}

TEST(RequestParsingTest, WhatIsNoMessageIsRefusedWhateverItsLength) {
  const std::string malformed[] = {
      std::string("\x08", 1),             // a field without a value
      std::string("\x00\x00", 2),         // field 0
      std::string("\x0f\x00", 2),         // a wire type that there is not
      std::string("\x7c", 1),             // the end of no group
      std::string("\x7b", 1),             // a group without an end
      std::string(200, '\x7b'),           // too deep
      std::string("\x12\x7f\x08\x01", 4)  // a message that is not all there
  };
  const std::string filler = Nested(15, std::string(2 * kFreeRequestBytes, 'f'));
  for (const std::string& bytes : malformed) {
    for (const std::string& before : {std::string(), filler}) {
      v1::OpenRequest request;
      int64_t booked = 0;
      EXPECT_THAT(ParsedWithin(kMiB, before + bytes, request, &booked),
                  StatusIs(Code::kInvalidArgument,
                           HasSubstr("the request is no kvwire.v1.OpenRequest")));
    }
  }
}

TEST(RequestParsingTest, AListThatIsCutOffIsNoMessage) {
  const std::string list = Nested(5, Repeated("\x01", 2 * kFreeRequestBytes));
  v1::DecodeRequest request;
  EXPECT_THAT(ParsedWithin(kMiB, list.substr(0, list.size() - 1), request),
              StatusIs(Code::kInvalidArgument, HasSubstr("kvwire.v1.DecodeRequest")));
}

TEST(RequestParsingTest, AgreesWithGeneratedCodeOnWhatIsAMessage) {
  v1::DecodeRequest whole = AskAll(1, SmallParameters());
  whole.mutable_positions()->Resize(2 * kFreeRequestBytes, 3);
  const std::string good =
      Repeated(Strangers()[0], 3) + whole.SerializeAsString() + Strangers()[2];
  const size_t list = good.find(std::string(16, '\x03'));
  const google::protobuf::LogSilencer quiet;  // strings that are no UTF-8
  std::mt19937_64 random(5);
  int refused = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string bytes = good;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      // Most of it is the list: before and after it is what matters.
      const size_t end = random() % 8 == 0 ? good.size() : list;
      bytes[random() % end] ^= static_cast<char>(1 << (random() % 8));
    }
    v1::DecodeRequest expected;
    const bool good_bytes = expected.ParseFromString(bytes);
    expected.DiscardUnknownFields();
    v1::DecodeRequest request;
    const absl::Status status = ParsedWithin(64 * kMiB, bytes, request);
    ASSERT_EQ(status.ok(), good_bytes) << trial << status;
    if (good_bytes) {
      ASSERT_EQ(request.SerializeAsString(), expected.SerializeAsString()) << trial;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
  EXPECT_LT(refused, 2700);
}

TEST(RequestParsingTest, BobAnswersARequestWithFieldsThatHeDoesNotKnow) {
  TestBob bob;
  ASSERT_THAT(SendChunks(*bob.channel, {WholeChunk(1, "data")}).status, IsOk());
  v1::GetLedgerRequest request;
  request.set_run_id(1);
  auto& strangers = *request.GetReflection()->MutableUnknownFields(&request);
  for (int k = 0; k < 100000; ++k) strangers.AddVarint(1000, k);
  grpc::ClientContext context;
  v1::GetLedgerResponse response;
  EXPECT_THAT(FromGrpc(bob.stub->GetLedger(&context, request, &response)), IsOk());
  EXPECT_EQ(bob.memory.used_bytes(), 0);
}

TEST(RequestParsingTest, BobRefusesAQuestionThatTakesMoreThanHeHas) {
  TestBob bob;
  v1::DecodeRequest request = AskAll(1, SmallParameters());
  request.mutable_positions()->Resize(static_cast<int>(7 * kMiB), 0);
  EXPECT_THAT(Decode(*bob.stub, request),
              StatusIs(Code::kResourceExhausted, HasSubstr("--memory-budget")));
  EXPECT_EQ(bob.memory.used_bytes(), 0);
}

}  // namespace
}  // namespace kvwire
