#include "common/kv/half_queue.h"

#include <algorithm>
#include <deque>
#include <random>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

TEST(HalfQueueTest, HoldsWhatAQueueHoldsWhateverIsAddedAndDropped) {
  std::mt19937 random(1);
  HalfQueue queue;
  std::deque<float> expected;
  float next = 0;
  for (int step = 0; step < 3000; ++step) {
    const auto count = static_cast<int64_t>(random() % 9);
    if (random() % 2 == 0) {
      Eigen::half* out = queue.Extend(count);
      for (int64_t i = 0; i < count; ++i, next = next < 2000 ? next + 1 : 0) {
        out[i] = Eigen::half(next);
        expected.push_back(next);
      }
    } else {
      const int64_t dropped = std::min(count, queue.size());
      queue.DropFront(dropped);
      expected.erase(expected.begin(), expected.begin() + dropped);
    }
    ASSERT_EQ(queue.size(), static_cast<int64_t>(expected.size()));
    const auto numbers = queue.Part(0, queue.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(static_cast<float>(numbers[i]), expected[i]);
    }
  }
}

}  // namespace
}  // namespace kvwire
