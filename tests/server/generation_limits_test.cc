// Generations that are too many, or that nobody waits for any more.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/bob_calls.h"
#include "tests/server/generation_parties.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

grpc::Status DescribeItself(grpc::ServerContext&, v1::DescribeResponse& response) {
  response.set_protocol_version(1);
  return grpc::Status::OK;
}

grpc::Status TakeTokens(grpc::ServerReader<v1::IngestRequest>& reader, v1::IngestResponse&) {
  v1::IngestRequest request;
  while (reader.Read(&request)) continue;
  return grpc::Status::OK;
}

// Alice with an algorithm of somebody else.
struct ForeignAlice {
  explicit ForeignAlice(const Endpoint& algorithm) : host(algorithm) {}

  AliceServiceHost host;
  LoopbackServer server{{&host}};
  std::unique_ptr<v1::AliceService::Stub> stub =
      v1::AliceService::NewStub(ControlChannel(server.endpoint()));
};

absl::Status GenerateAt(v1::AliceService::Stub& stub, const v1::GenerateRequest& request) {
  grpc::ClientContext context;
  v1::GenerateResponse response;
  return FromGrpc(stub.Generate(&context, request, &response));
}

TEST(GenerationLimitsTest, AClientThatLeavesEndsAlicesWork) {
  FakeAlgorithm algorithm;
  absl::Notification attending;
  algorithm.describe = DescribeItself;
  algorithm.open = [](const v1::OpenRequest&, v1::OpenResponse& response) {
    response.set_session_id(55);
    return grpc::Status::OK;
  };
  algorithm.ingest = TakeTokens;
  algorithm.attend = [&](FakeAlgorithm::AttendStream& stream) {
    attending.Notify();
    v1::AttendRequest request;
    // Takes questions and never answers.
    while (stream.Read(&request)) continue;
    return grpc::Status::OK;
  };
  LoopbackServer server({&algorithm});
  ForeignAlice alice(server.endpoint());
  const GenerationParties parties;
  grpc::ClientContext context;
  v1::GenerateResponse response;
  std::thread leaves([&] {
    attending.WaitForNotification();
    context.TryCancel();
  });
  EXPECT_THAT(FromGrpc(alice.stub->Generate(&context, parties.Request(1, SmallGeneration()),
                                            &response)),
              StatusIs(Code::kCancelled, _));
  leaves.join();
  // Only the end of her work closes the session: this ends with the test's time limit else.
  EXPECT_THAT(algorithm.closed(1), ElementsAre(55));
}

TEST(GenerationLimitsTest, AClientThatLeavesEndsBobsWork) {
  FakeAlgorithm algorithm;
  absl::Notification attending;
  algorithm.describe = DescribeItself;
  algorithm.restore = [](grpc::ServerReader<v1::RestoreRequest>& reader,
                         v1::RestoreResponse& response) {
    v1::RestoreRequest request;
    while (reader.Read(&request)) continue;
    response.set_session_id(56);
    return grpc::Status::OK;
  };
  algorithm.ingest = TakeTokens;
  algorithm.attend = [&](FakeAlgorithm::AttendStream& stream) {
    attending.Notify();
    v1::AttendRequest request;
    while (stream.Read(&request)) continue;
    return grpc::Status::OK;
  };
  LoopbackServer server({&algorithm});
  const GenerationParties parties;
  ASSERT_THAT(parties.Generate(1, SmallGeneration()), IsOk());
  TestBob bob;
  BobServiceHost host(bob.store, bob.pool, bob.memory, server.endpoint(),
                      bob.channel_endpoint);
  LoopbackServer bob_server({&host});
  const auto stub = v1::BobService::NewStub(ControlChannel(bob_server.endpoint()));
  v1::SendRequest chunk = WholeChunk(1, GetMessage(*parties.bob_stub, 1)->bytes);
  chunk.set_parameters_digest(GenerationDigest(SmallGeneration()));
  ASSERT_THAT(SendChunks(*bob.channel, {chunk}).status, IsOk());
  grpc::ClientContext context;
  const auto reader = stub->GenerateLast(&context, AskLast(1, SmallGeneration()));
  attending.WaitForNotification();
  context.TryCancel();
  EXPECT_THAT(FromGrpc(reader->Finish()), StatusIs(Code::kCancelled, _));
  EXPECT_THAT(algorithm.closed(1), ElementsAre(56));
}

TEST(GenerationLimitsTest, RefusesMoreRunsThanThereAreThreadsForAtOnce) {
  std::atomic<int> waiting = 0;
  absl::Notification released;
  FakeAlgorithm algorithm;
  algorithm.describe = [&](grpc::ServerContext&, v1::DescribeResponse&) {
    ++waiting;
    released.WaitForNotification();
    return grpc::Status(grpc::StatusCode::ABORTED, "released");
  };
  LoopbackServer server({&algorithm});
  ForeignAlice alice(server.endpoint());
  const GenerationParties parties;
  const v1::GenerateRequest request = parties.Request(1, SmallGeneration());
  std::vector<std::thread> runs;
  for (int k = 0; k < AliceAdmission::kMaxRuns; ++k) {
    runs.emplace_back(
        [&] { EXPECT_THAT(GenerateAt(*alice.stub, request), StatusIs(Code::kAborted, _)); });
  }
  while (waiting < AliceAdmission::kMaxRuns) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_THAT(GenerateAt(*alice.stub, request),
              StatusIs(Code::kResourceExhausted, HasSubstr("16 runs are under way")));
  released.Notify();
  for (std::thread& run : runs) run.join();
  // All have left: there is room again.
  EXPECT_THAT(GenerateAt(*alice.stub, request), StatusIs(Code::kAborted, _));
}

}  // namespace
}  // namespace kvwire
