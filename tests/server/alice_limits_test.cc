// Runs of Alice that are too many, too large, cut off, or of another version.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/fake_channel.h"
#include "tests/server/whole_run.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

absl::Status OpenSession(TestAlgorithm& algorithm) {
  grpc::ClientContext context;
  v1::OpenResponse response;
  return FromGrpc(algorithm.stub->Open(&context, OpenRequestOf(SmallParameters()), &response));
}

absl::Status SpeakNothing(v1::AliceService::Stub& stub, const v1::SpeakRequest* first) {
  grpc::ClientContext context;
  v1::SpeakResponse response;
  const auto writer = stub.Speak(&context, &response);
  if (first != nullptr) writer->Write(*first);
  writer->WritesDone();
  return FromGrpc(writer->Finish());
}

TEST(AliceLimitsTest, ARunThatIsCutOffLeavesNoSessionBehind) {
  const WholeRun run;
  absl::Notification reached, released;
  FakeChannel bob;
  bob.send = [&](auto&, auto&, auto&) {
    reached.Notify();
    released.WaitForNotification();
    return grpc::Status::OK;
  };
  LoopbackServer server({&bob});
  v1::SpeakOpening opening = run.Opening(1);
  opening.set_channel_endpoint(server.endpoint().ToString());
  // Her run takes the last session that there is.
  for (size_t k = 1; k < SessionLimits::kMaxSessions; ++k) {
    ASSERT_THAT(OpenSession(run.alice->algorithm), IsOk());
  }
  grpc::ClientContext context;
  v1::SpeakResponse response;
  const auto writer = run.alice->stub->Speak(&context, &response);
  v1::SpeakRequest request;
  *request.mutable_opening() = opening;
  writer->Write(request);
  request.set_bits(run.bits);
  writer->Write(request);
  writer->WritesDone();
  reached.WaitForNotification();
  EXPECT_THAT(OpenSession(run.alice->algorithm),
              StatusIs(Code::kResourceExhausted, HasSubstr("256 sessions are open")));
  context.TryCancel();
  EXPECT_THAT(FromGrpc(writer->Finish()), StatusIs(Code::kCancelled, _));
  // Only the end of her run makes room: this ends with the time limit of the test else.
  while (!OpenSession(run.alice->algorithm).ok()) absl::SleepFor(absl::Milliseconds(1));
  released.Notify();
}

TEST(AliceLimitsTest, RefusesMoreRunsThanItHasThreadsFor) {
  const WholeRun run;
  v1::SpeakRequest first;
  *first.mutable_opening() = run.Opening(1);
  struct Stream {
    grpc::ClientContext context;
    v1::SpeakResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::SpeakRequest>> writer;
  };
  std::vector<std::unique_ptr<Stream>> streams;
  for (int k = 0; k < AliceAdmission::kMaxRuns; ++k) {
    Stream& stream = *streams.emplace_back(std::make_unique<Stream>());
    stream.writer = run.alice->stub->Speak(&stream.context, &stream.response);
    ASSERT_TRUE(stream.writer->Write(first));
  }
  // Until all have arrived a further one is taken, and found to have no bits.
  absl::Status status;
  do {
    status = SpeakNothing(*run.alice->stub, &first);
  } while (absl::IsInvalidArgument(status));
  EXPECT_THAT(status, StatusIs(Code::kResourceExhausted, HasSubstr("16 runs are under way")));
  for (const auto& stream : streams) {
    stream->context.TryCancel();
    EXPECT_THAT(FromGrpc(stream->writer->Finish()), StatusIs(Code::kCancelled, _));
  }
  while (absl::IsResourceExhausted(status = run.Speak(2).status())) continue;
  EXPECT_THAT(status, IsOk());
}

TEST(AliceLimitsTest, AStreamMustBeginWithItsOpening) {
  const WholeRun run;
  EXPECT_THAT(SpeakNothing(*run.alice->stub, nullptr),
              StatusIs(Code::kInvalidArgument, HasSubstr("the stream opened no run")));
  v1::SpeakRequest bits;
  bits.set_bits("bits");
  EXPECT_THAT(SpeakNothing(*run.alice->stub, &bits),
              StatusIs(Code::kInvalidArgument, HasSubstr("is not an opening")));
}

TEST(AliceLimitsTest, RefusesATimeoutThatIsNone) {
  const WholeRun run;
  for (const double seconds : {0.0, -1.0, 3601.0, std::nan(""), HUGE_VAL}) {
    v1::SpeakOpening opening = run.Opening(1);
    opening.set_connect_timeout_seconds(seconds);
    EXPECT_THAT(Speak(*run.alice->stub, opening, run.bits),
                StatusIs(Code::kInvalidArgument, HasSubstr("s is not in (0, 3600]")));
  }
}

TEST(AliceLimitsTest, PassesTheMemoryLimitOn) {
  const WholeRun run;
  v1::SpeakOpening opening = run.Opening(1);
  opening.set_memory_limit_bytes(319);
  EXPECT_THAT(Speak(*run.alice->stub, opening, run.bits),
              StatusIs(Code::kResourceExhausted,
                       AllOf(HasSubstr("algorithm at"), HasSubstr("allowed are 319"))));
  opening.set_memory_limit_bytes(320);
  EXPECT_THAT(Speak(*run.alice->stub, opening, run.bits), IsOk());
}

TEST(AliceLimitsTest, RefusesAnAlgorithmOfAnotherVersion) {
  FakeAlgorithm algorithm;
  algorithm.describe = [](grpc::ServerContext&, v1::DescribeResponse& response) {
    response.set_protocol_version(2);
    return grpc::Status::OK;
  };
  LoopbackServer algorithm_server({&algorithm});
  AliceServiceHost host(algorithm_server.endpoint());
  LoopbackServer server({&host});
  const auto stub = v1::AliceService::NewStub(ControlChannel(server.endpoint()));
  const WholeRun run;
  EXPECT_THAT(Speak(*stub, run.Opening(1), run.bits),
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("speaks protocol version 2"), HasSubstr("version 1"))));
}

}  // namespace
}  // namespace kvwire
