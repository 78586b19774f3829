// Bob's answers to the driver.

#include "server/bob/bob_service.h"

#include <memory>
#include <string>
#include <vector>

#include "common/base/bit_vector.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "common/reduction/alice.h"
#include "common/wire/status_conversion.h"
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

constexpr uint64_t kRun = 77;

BitVector SomeBits(int64_t size) {
  BitVector bits(size);
  for (int64_t i = 0; i < size; ++i) bits.Set(i, i % 3 == 0 || i % 7 == 2);
  return bits;
}

// What Alice would send, made without any service.
absl::StatusOr<std::string> SnapshotOf(const PublicParameters& parameters) {
  KVWIRE_ASSIGN_OR_RETURN(const CacheSetup setup,
                          CacheSetupFromProto(CacheParametersOf(parameters), kTestMemory));
  KVWIRE_ASSIGN_OR_RETURN(const std::unique_ptr<KvCache> cache, CreateCache(setup));
  KVWIRE_RETURN_IF_ERROR(StreamAliceTokens(
      parameters.shape, setup.encoding, *setup.frame, SomeBits(parameters.payload_bits()), 4,
      [&cache](const AliceTokens& tokens) {
        return cache->Append({.rows = tokens.keys.rows(),
                              .keys = tokens.keys.data(),
                              .values = tokens.values.data(),
                              .closes_scale = tokens.closes_scale});
      }));
  std::string bytes;
  KVWIRE_RETURN_IF_ERROR(WriteSnapshot(*cache, setup, [&bytes](std::string_view piece) {
    bytes += piece;
    return absl::OkStatus();
  }));
  return bytes;
}

class BobServiceTest : public ::testing::Test {
 protected:
  // Delivers `data` as the message of `run_id`; returns the serialized answer.
  std::string Deliver(const std::string& data, const PublicParameters& parameters,
                      uint64_t run_id = kRun) {
    const Reply reply = SendChunks(*bob_.channel, {WholeChunk(run_id, data, parameters)});
    EXPECT_THAT(reply.status, IsOk());
    return reply.bytes;
  }

  absl::StatusOr<std::string> Decode(const v1::DecodeRequest& request) {
    grpc::ClientContext context;
    const auto reader = bob_.stub->Decode(&context, request);
    v1::DecodeResponse piece;
    std::string bits;
    while (reader->Read(&piece)) bits += piece.bits();
    KVWIRE_RETURN_IF_ERROR(FromGrpc(reader->Finish()));
    return bits;
  }

  static v1::DecodeRequest AskAll(const PublicParameters& parameters) {
    v1::DecodeRequest request;
    request.set_protocol_version(kProtocolVersion);
    request.set_run_id(kRun);
    *request.mutable_parameters() = ParametersToProto(parameters);
    request.set_all(true);
    return request;
  }

  static v1::DecodeRequest Ask(const PublicParameters& parameters,
                               const std::vector<int64_t>& positions) {
    v1::DecodeRequest request = AskAll(parameters);
    request.set_all(false);
    request.mutable_positions()->Add(positions.begin(), positions.end());
    return request;
  }

  TestBob bob_;
  const PublicParameters parameters_ = SmallParameters();
};

TEST_F(BobServiceTest, ReadsAllBitsOfEveryLosslessAlgorithm) {
  for (const std::string algorithm : {"exact", "float16", "bitplane"}) {
    const PublicParameters parameters = SmallParameters(algorithm);
    bob_.store.Remove(kRun);
    Deliver(*SnapshotOf(parameters), parameters);
    const auto answer = Decode(AskAll(parameters));
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(*answer, SomeBits(40).bytes());
  }
}

TEST_F(BobServiceTest, AnswersEachPositionInTheOrderAsked) {
  Deliver(*SnapshotOf(parameters_), parameters_);
  std::vector<int64_t> positions;
  for (int64_t k = 0; k < 40; ++k) positions.push_back((k * 27 + 5) % 40);
  BitVector expected(40);
  for (int64_t k = 0; k < 40; ++k) expected.Set(k, SomeBits(40).Get(positions[k]));
  EXPECT_EQ(*Decode(Ask(parameters_, positions)), expected.bytes());
}

TEST_F(BobServiceTest, RefusesAQuestionWithoutAMessage) {
  EXPECT_THAT(Decode(AskAll(parameters_)),
              StatusIs(Code::kNotFound, HasSubstr("no message of run 000000000000004d")));
}

TEST_F(BobServiceTest, RefusesAQuestionBeforeTheMessageIsComplete) {
  const std::string data = *SnapshotOf(parameters_);
  ChannelStream stream(*bob_.channel);
  v1::SendRequest chunk = WholeChunk(kRun, data);
  chunk.clear_finish_write();
  ASSERT_TRUE(stream.Write(chunk));
  // The chunk is on its way: until it is there, the run is not known at all.
  absl::Status status = Decode(AskAll(parameters_)).status();
  while (absl::IsNotFound(status)) status = Decode(AskAll(parameters_)).status();
  EXPECT_THAT(status, StatusIs(Code::kFailedPrecondition, HasSubstr("not complete")));
  EXPECT_THAT(stream.Finish().status, StatusIs(Code::kDataLoss, HasSubstr("finishing")));
}

TEST_F(BobServiceTest, RefusesOtherParametersThanAliceSpokeOf) {
  Deliver(*SnapshotOf(parameters_), parameters_);
  PublicParameters other = parameters_;
  other.seed = 2;
  EXPECT_THAT(Decode(AskAll(other)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("other public parameters")));
}

TEST_F(BobServiceTest, RefusesAnotherProtocolVersionNamingBoth) {
  v1::DecodeRequest request = AskAll(parameters_);
  request.set_protocol_version(9);
  EXPECT_THAT(Decode(request), StatusIs(Code::kFailedPrecondition,
                                        ::testing::AllOf(HasSubstr("9"), HasSubstr("1"))));
}

TEST_F(BobServiceTest, RefusesNoQuestionAndPositionsThatAreNotThere) {
  Deliver(*SnapshotOf(parameters_), parameters_);
  EXPECT_THAT(Decode(Ask(parameters_, {})),
              StatusIs(Code::kInvalidArgument, HasSubstr("nothing is asked")));
  EXPECT_THAT(Decode(Ask(parameters_, {40})), StatusIs(Code::kOutOfRange, HasSubstr("40")));
  EXPECT_THAT(Decode(Ask(parameters_, {-1})), StatusIs(Code::kOutOfRange, HasSubstr("-1")));
}

TEST_F(BobServiceTest, RefusesConfidencesInLessThanAllBits) {
  Deliver(*SnapshotOf(parameters_), parameters_);
  v1::DecodeRequest request = Ask(parameters_, {1, 2});
  request.set_confidences(true);
  EXPECT_THAT(Decode(request),
              StatusIs(Code::kInvalidArgument, HasSubstr("confidences are given with all")));
}

TEST_F(BobServiceTest, SaysDataLossToAMessageThatIsNoSnapshot) {
  const std::string whole = *SnapshotOf(parameters_);
  std::string altered = whole;
  altered[whole.size() / 2] ^= 1;
  for (const std::string& data : {std::string("not a snapshot"), altered,
                                  whole.substr(0, whole.size() - 1), whole + "x"}) {
    bob_.store.Remove(kRun);
    Deliver(data, parameters_);
    EXPECT_THAT(Decode(AskAll(parameters_)),
                StatusIs(Code::kDataLoss, HasSubstr("algorithm at")))
        << data.size();
  }
}

TEST_F(BobServiceTest, ReturnsTheMessageAndForgetsItOnClose) {
  const std::string data = *SnapshotOf(parameters_);
  Deliver(data, parameters_);
  v1::GetMessageRequest request;
  request.set_run_id(kRun);
  grpc::ClientContext context;
  const auto reader = bob_.stub->GetMessage(&context, request);
  v1::GetMessageResponse piece;
  std::string returned;
  while (reader->Read(&piece)) returned += piece.data();
  EXPECT_THAT(FromGrpc(reader->Finish()), IsOk());
  EXPECT_EQ(returned, data);

  grpc::ClientContext close;
  v1::CloseRunRequest run;
  run.set_run_id(kRun);
  v1::CloseRunResponse closed;
  EXPECT_THAT(FromGrpc(bob_.stub->CloseRun(&close, run, &closed)), IsOk());
  EXPECT_THAT(Decode(AskAll(parameters_)), StatusIs(Code::kNotFound, HasSubstr("no message")));
}

TEST_F(BobServiceTest, WhatAliceHearsIsTheSameWhateverBobIsAsked) {
  const std::string data = *SnapshotOf(parameters_);
  const std::string before = Deliver(data, parameters_, 1);
  std::vector<std::string> heard;
  for (int64_t position = 0; position < 40; ++position) {
    bob_.store.Remove(kRun);
    heard.push_back(Deliver(data, parameters_));
    ASSERT_THAT(Decode(Ask(parameters_, {position})), IsOk());
  }
  EXPECT_THAT(heard, ::testing::Each(before));
}

}  // namespace
}  // namespace kvwire
