// Questions that Bob cannot answer for reasons of his algorithm or of the question.

#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/bob_calls.h"
#include "tests/server/calls.h"
#include "tests/server/test_services.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

constexpr uint64_t kRun = 8;

// Bob with an algorithm of somebody else.
struct ForeignBob {
  explicit ForeignBob(const Endpoint& algorithm)
      : host(bob.store, bob.pool, bob.memory, algorithm, bob.channel_endpoint) {}

  TestBob bob;
  BobServiceHost host;
  LoopbackServer server{{&host}};
  std::unique_ptr<v1::BobService::Stub> stub =
      v1::BobService::NewStub(ControlChannel(server.endpoint()));
};

TEST(BobErrorsTest, ParametersOutOfRangeAreInvalid) {
  TestBob bob;
  ASSERT_THAT(SendChunks(*bob.channel, {WholeChunk(kRun, "data")}).status, IsOk());
  v1::DecodeRequest request = AskAll(kRun, SmallParameters());
  request.mutable_parameters()->set_dims(65537);
  EXPECT_THAT(Decode(*bob.stub, request),
              StatusIs(Code::kInvalidArgument, HasSubstr("d must be from 1 to 65536")));
}

TEST(BobErrorsTest, AnAlgorithmThatBobHasNotIsInvalid) {
  TestBob bob;
  const PublicParameters foreign = SmallParameters("foreign:key=value");
  ASSERT_THAT(SendChunks(*bob.channel, {WholeChunk(kRun, "data", foreign)}).status, IsOk());
  EXPECT_THAT(Decode(*bob.stub, AskAll(kRun, foreign)),
              StatusIs(Code::kInvalidArgument,
                       AllOf(HasSubstr("algorithm at"), HasSubstr("no algorithm 'foreign'"))));
}

TEST(BobErrorsTest, TheMemoryLimitHoldsForTheRestoredState) {
  TestBob bob;
  ASSERT_THAT(SendChunks(*bob.channel, {WholeChunk(kRun, "data")}).status, IsOk());
  v1::DecodeRequest request = AskAll(kRun, SmallParameters());
  request.set_memory_limit_bytes(319);
  EXPECT_THAT(Decode(*bob.stub, request),
              StatusIs(Code::kResourceExhausted, HasSubstr("allowed are 319")));
}

TEST(BobErrorsTest, AnUnreachableAlgorithmIsUnavailable) {
  const RefusingPort nobody;
  ForeignBob foreign(nobody.endpoint());
  ASSERT_THAT(SendChunks(*foreign.bob.channel, {WholeChunk(kRun, "data")}).status, IsOk());
  EXPECT_THAT(Decode(*foreign.stub, AskAll(kRun, SmallParameters())),
              StatusIs(Code::kUnavailable,
                       HasSubstr("the algorithm at " + nobody.endpoint().ToString())));
}

TEST(BobErrorsTest, AnAlgorithmOfAnotherVersionIsRefusedNamingBoth) {
  FakeAlgorithm algorithm;
  algorithm.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(5);
    return grpc::Status::OK;
  };
  LoopbackServer server({&algorithm});
  ForeignBob foreign(server.endpoint());
  ASSERT_THAT(SendChunks(*foreign.bob.channel, {WholeChunk(kRun, "data")}).status, IsOk());
  EXPECT_THAT(Decode(*foreign.stub, AskAll(kRun, SmallParameters())),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("protocol version 5"), HasSubstr("version 1"))));
}

TEST(BobErrorsTest, AQuestionThatIsCutOffFreesItsSession) {
  FakeAlgorithm algorithm;
  absl::Notification attending;
  algorithm.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(1);
    return grpc::Status::OK;
  };
  algorithm.restore = [](grpc::ServerReader<v1::RestoreRequest>& reader,
                         v1::RestoreResponse& response) {
    v1::RestoreRequest request;
    while (reader.Read(&request)) continue;
    response.set_session_id(55);
    return grpc::Status::OK;
  };
  algorithm.ingest = [](grpc::ServerReader<v1::IngestRequest>& reader, v1::IngestResponse&) {
    v1::IngestRequest request;
    while (reader.Read(&request)) continue;
    return grpc::Status::OK;
  };
  algorithm.attend = [&](FakeAlgorithm::AttendStream& stream) {
    attending.Notify();
    v1::AttendRequest request;
    // Takes questions and never answers.
    while (stream.Read(&request)) continue;
    return grpc::Status::OK;
  };
  LoopbackServer server({&algorithm});
  ForeignBob foreign(server.endpoint());
  ASSERT_THAT(SendChunks(*foreign.bob.channel, {WholeChunk(kRun, "data")}).status, IsOk());
  grpc::ClientContext context;
  const auto reader = foreign.stub->Decode(&context, AskAll(kRun, SmallParameters()));
  attending.WaitForNotification();
  EXPECT_THAT(algorithm.closed(0), ElementsAre());
  context.TryCancel();
  EXPECT_THAT(FromGrpc(reader->Finish()), StatusIs(Code::kCancelled, _));
  EXPECT_THAT(algorithm.closed(1), ElementsAre(55));
}

}  // namespace
}  // namespace kvwire
