#include "common/wire/cancellation.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/wire/channels.h"
#include "common/wire/status_conversion.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::_;

// A server whose first `waiting` calls wait for their cancellation; later ones answer.
class CancellationTest : public ::testing::Test {
 protected:
  void ServeWaitingCalls(int waiting) {
    arrivals_.emplace(waiting);
    waiting_left_ = waiting;
    algorithm_.describe = [this](grpc::ServerContext& context, v1::DescribeResponse&) {
      if (waiting_left_-- <= 0) return grpc::Status::OK;
      arrivals_->DecrementCount();
      while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return grpc::Status::OK;
    };
  }

  absl::Status Call(Cancellation& cancellation) {
    CancellableCall call(cancellation);
    return Call(call);
  }
  absl::Status Call(CancellableCall& call) {
    v1::DescribeResponse response;
    return FromGrpc(stub_->Describe(call.context(), {}, &response));
  }

  std::optional<absl::BlockingCounter> arrivals_;
  std::atomic<int> waiting_left_ = 0;
  FakeAlgorithm algorithm_;
  LoopbackServer server_{{&algorithm_}};
  std::unique_ptr<v1::AlgorithmService::Stub> stub_ =
      v1::AlgorithmService::NewStub(ControlChannel(server_.endpoint()));
};

TEST_F(CancellationTest, EndsEveryCallUnderWay) {
  constexpr int kCalls = 3;
  ServeWaitingCalls(kCalls);
  Cancellation cancellation;
  std::vector<absl::Status> results(kCalls);
  std::vector<std::thread> callers;
  for (absl::Status& result : results) {
    callers.emplace_back([&] { result = Call(cancellation); });
  }
  arrivals_->Wait();
  EXPECT_FALSE(cancellation.cancelled());
  cancellation.Cancel();
  for (std::thread& caller : callers) caller.join();
  for (const absl::Status& result : results) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kCancelled, _));
  }
  EXPECT_TRUE(cancellation.cancelled());
}

TEST_F(CancellationTest, EndsEveryLaterCall) {
  ServeWaitingCalls(0);
  Cancellation cancellation;
  EXPECT_THAT(Call(cancellation), IsOk());
  CancellableCall made_before(cancellation);
  cancellation.Cancel();
  EXPECT_THAT(Call(made_before), StatusIs(absl::StatusCode::kCancelled, _));
  EXPECT_THAT(Call(cancellation), StatusIs(absl::StatusCode::kCancelled, _));
  EXPECT_THAT(Call(cancellation), StatusIs(absl::StatusCode::kCancelled, _));
}

TEST_F(CancellationTest, LeavesTheCallsOfOthersAlone) {
  ServeWaitingCalls(0);
  Cancellation cancellation, other;
  CancellableCall call(other);
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_THAT(Call(call), IsOk());
  EXPECT_FALSE(other.cancelled());
}

}  // namespace
}  // namespace kvwire
