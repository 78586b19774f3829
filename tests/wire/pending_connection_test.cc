#include "common/wire/pending_connection.h"

#include <optional>

#include "absl/time/clock.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"
#include "tests/wire/plain_tcp.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Longer than a test may take.
constexpr absl::Duration kForever = absl::Hours(1);

TEST(PendingConnectionTest, TheConnectionIsTheOneThatItsMeterCounts) {
  FakeAlgorithm algorithm;
  algorithm.describe = [](grpc::ServerContext&, v1::DescribeResponse&) {
    return grpc::Status::OK;
  };
  LoopbackServer server({&algorithm});
  Cancellation run;
  PendingConnection pending(server.endpoint(), kForever, "the peer", {}, run);
  absl::StatusOr<MeasuredChannel> connection = pending.Take();
  ASSERT_THAT(connection, IsOk());
  const int64_t before = connection->meter.MovedBytes();
  grpc::ClientContext context;
  v1::DescribeResponse response;
  const auto stub = v1::AlgorithmService::NewStub(connection->channel);
  ASSERT_THAT(FromGrpc(stub->Describe(&context, {}, &response)), IsOk());
  EXPECT_GT(connection->meter.MovedBytes(), before);
  EXPECT_FALSE(run.cancelled());
}

TEST(PendingConnectionTest, AFailureIsKnownWithoutWaiting) {
  const RefusingPort port;
  Cancellation run;
  PendingConnection pending(port.endpoint(), absl::Milliseconds(50), "the peer", {}, run);
  while (pending.Failure().ok()) absl::SleepFor(absl::Milliseconds(1));
  const auto refused = StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the peer at"));
  EXPECT_THAT(pending.Failure(), refused);
  EXPECT_THAT(pending.Take().status(), refused);
  EXPECT_FALSE(run.cancelled());
}

TEST(PendingConnectionTest, WhoLeavesWithoutItCancelsTheRunInsteadOfWaiting) {
  const RefusingPort port;
  Cancellation run;
  std::optional<PendingConnection> pending(std::in_place, port.endpoint(), kForever,
                                           "the peer", ChannelSecurity(), run);
  EXPECT_THAT(pending->Failure(), IsOk());
  pending.reset();
  EXPECT_TRUE(run.cancelled());
}

TEST(PendingConnectionTest, ARunThatIsCancelledWaitsForNoConnection) {
  const RefusingPort port;
  Cancellation run;
  PendingConnection pending(port.endpoint(), kForever, "the peer", {}, run);
  run.Cancel();
  EXPECT_THAT(pending.Take().status(),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("cancelled")));
}

}  // namespace
}  // namespace kvwire
