#include "common/wire/freeing_calls.h"

#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/wire/bulk_calls.h"
#include "common/wire/channels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/wire/fake_algorithm.h"
#include "tests/wire/loopback_server.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FreeingCallsTest : public testing::Test {
 protected:
  FreeingCallsTest() {
    algorithm_.close = [this](int64_t session) {
      came_.at(session).Notify();
      may_end_.at(session).WaitForNotification();
    };
  }

  static void Close(FreeingCalls& calls, int64_t session) {
    v1::CloseRequest request;
    request.set_session_id(session);
    calls.Begin(MethodPath(v1::AlgorithmService::service_full_name(), "Close"), request);
  }

  FakeAlgorithm algorithm_;
  std::map<int64_t, absl::Notification> came_ = MakeTwo();
  std::map<int64_t, absl::Notification> may_end_ = MakeTwo();
  LoopbackServer server_{{&algorithm_}};
  std::shared_ptr<grpc::Channel> channel_ = UnsharedChannel(server_.endpoint());

 private:
  static std::map<int64_t, absl::Notification> MakeTwo() {
    std::map<int64_t, absl::Notification> two;
    two.try_emplace(1);
    two.try_emplace(2);
    return two;
  }
};

TEST_F(FreeingCallsTest, WhoBeginsACallDoesNotWaitForItsAnswer) {
  FreeingCalls calls(channel_);
  Close(calls, 1);
  came_.at(1).WaitForNotification();
  EXPECT_THAT(algorithm_.closed(0), IsEmpty());
  may_end_.at(1).Notify();
  calls.Wait();
  EXPECT_THAT(algorithm_.closed(0), ElementsAre(1));
}

TEST_F(FreeingCallsTest, WhoWaitsDoesNotWaitForCallsThatBeginLater) {
  FreeingCalls calls(channel_);
  Close(calls, 1);
  came_.at(1).WaitForNotification();
  absl::Notification waited;
  std::thread waiting([&] {
    calls.Wait();
    waited.Notify();
  });
  // By then it waits, if the machine is not very slow; else this shows less.
  EXPECT_FALSE(waited.WaitForNotificationWithTimeout(absl::Milliseconds(200)));
  Close(calls, 2);
  came_.at(2).WaitForNotification();
  may_end_.at(1).Notify();
  waited.WaitForNotification();
  EXPECT_THAT(algorithm_.closed(0), ElementsAre(1));
  may_end_.at(2).Notify();
  waiting.join();
}

TEST_F(FreeingCallsTest, WhoIsCancelledWaitsNoLonger) {
  FreeingCalls calls(channel_);
  Close(calls, 1);
  came_.at(1).WaitForNotification();
  Cancellation cancellation;
  cancellation.Cancel();
  calls.Wait(&cancellation);
  EXPECT_THAT(algorithm_.closed(0), IsEmpty());
  may_end_.at(1).Notify();
}

TEST_F(FreeingCallsTest, TheLastHolderOfAChannelMayEndAtOnce) {
  algorithm_.close = nullptr;
  for (int k = 0; k < 200; ++k) {
    FreeingCalls calls(UnsharedChannel(server_.endpoint()));
    Close(calls, 1);
  }
  EXPECT_EQ(algorithm_.closed(0).size(), 200);
}

TEST_F(FreeingCallsTest, TheEndWaitsForAllAnswers) {
  std::optional<FreeingCalls> calls(std::in_place, channel_);
  Close(*calls, 1);
  Close(*calls, 2);
  came_.at(1).WaitForNotification();
  std::thread ending([&] { calls.reset(); });
  may_end_.at(2).Notify();
  may_end_.at(1).Notify();
  ending.join();
  EXPECT_EQ(algorithm_.closed(0).size(), 2);
}

TEST_F(FreeingCallsTest, APeerThatIsGoneIsGivenUp) {
  const RefusingPort port;
  FreeingCalls calls(UnsharedChannel(port.endpoint()));
  Close(calls, 1);
  calls.Wait();
  EXPECT_THAT(algorithm_.closed(0), IsEmpty());
}

}  // namespace
}  // namespace kvwire
