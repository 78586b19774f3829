#include "common/base/parallel.h"

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

constexpr int kThreads = 4;

// Returns how often each of `count` items was done. Plain integers: the call must
// order every item before its return, and the race detector would tell.
std::vector<int> TimesDone(int64_t count) {
  std::vector<int> times(static_cast<size_t>(count), 0);
  ParallelFor(count, [&](int64_t i) { ++times[static_cast<size_t>(i)]; });
  return times;
}

TEST(ParallelTest, DoesEveryItemOnce) {
  SetParallelThreads(kThreads);
  for (const int64_t count : {0, 1, 2, 3, 4, 5, 64, 1000, 20000}) {
    EXPECT_EQ(TimesDone(count), std::vector<int>(static_cast<size_t>(count), 1));
  }
}

TEST(ParallelTest, DoesEveryItemOnceWhenSeveralThreadsCallAtOnce) {
  SetParallelThreads(kThreads);
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&wrong] {
      for (int repeat = 0; repeat < 200; ++repeat) {
        if (TimesDone(repeat) != std::vector<int>(static_cast<size_t>(repeat), 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ParallelTest, FinishesWhileEveryPoolThreadIsHeldByAnotherCall) {
  SetParallelThreads(kThreads);
  absl::BlockingCounter all_held(kThreads);
  absl::Notification release;
  std::thread holder([&] {
    ParallelFor(kThreads, [&](int64_t) {
      all_held.DecrementCount();
      release.WaitForNotification();
    });
  });
  all_held.Wait();
  EXPECT_EQ(TimesDone(1000), std::vector<int>(1000, 1));
  release.Notify();
  holder.join();
}

TEST(ParallelTest, MayBeNested) {
  SetParallelThreads(kThreads);
  std::vector<std::vector<int>> times(50);
  ParallelFor(50, [&](int64_t i) { times[static_cast<size_t>(i)] = TimesDone(i); });
  for (size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], std::vector<int>(i, 1));
}

TEST(ParallelTest, OneThreadWorksInlineAndInOrder) {
  SetParallelThreads(1);
  std::vector<int64_t> order;
  const std::thread::id here = std::this_thread::get_id();
  ParallelFor(100, [&](int64_t i) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    order.push_back(i);
  });
  std::vector<int64_t> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(ParallelTest, ZeroMeansOneThreadACore) {
  SetParallelThreads(0);
  EXPECT_GE(ParallelThreads(), 1);
  SetParallelThreads(3);
  EXPECT_EQ(ParallelThreads(), 3);
}

}  // namespace
}  // namespace kvwire
