#include "common/base/memory_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

TEST(MemoryAccountTest, WhatOneTakesTheOthersCannotHave) {
  MemoryBudget budget(100);
  MemoryAccount first(budget);
  EXPECT_THAT(first.Raise(60), IsOk());
  {
    MemoryAccount second(budget);
    EXPECT_THAT(second.Raise(40), IsOk());
    EXPECT_THAT(second.Raise(41), StatusIs(absl::StatusCode::kResourceExhausted,
                                           HasSubstr("others hold 60 of the 100")));
    EXPECT_EQ(budget.used_bytes(), 100);
  }
  EXPECT_EQ(budget.used_bytes(), 60);
  EXPECT_THAT(first.Raise(100), IsOk());
  EXPECT_EQ(budget.used_bytes(), 100);
}

TEST(MemoryAccountTest, ShrinksOnlyWhenItIsLowered) {
  MemoryBudget budget(100);
  MemoryAccount account(budget);
  EXPECT_THAT(account.Raise(50), IsOk());
  EXPECT_THAT(account.Raise(10), IsOk());
  EXPECT_EQ(budget.used_bytes(), 50);
  account.Lower(60);
  EXPECT_EQ(budget.used_bytes(), 50);
  account.Lower(20);
  EXPECT_EQ(budget.used_bytes(), 20);
  EXPECT_THAT(MemoryAccount(budget).Raise(80), IsOk());
}

TEST(MemoryAccountTest, IsCurrentWithinItsScopeOnItsThread) {
  MemoryBudget budget(100);
  MemoryAccount outer(budget);
  MemoryAccount inner(budget);
  EXPECT_EQ(MemoryAccount::Current(), nullptr);
  {
    const MemoryAccount::Scope scope(outer);
    {
      const MemoryAccount::Scope nested(inner);
      EXPECT_EQ(MemoryAccount::Current(), &inner);
    }
    EXPECT_EQ(MemoryAccount::Current(), &outer);
    std::thread([] { EXPECT_EQ(MemoryAccount::Current(), nullptr); }).join();
  }
  EXPECT_EQ(MemoryAccount::Current(), nullptr);
}

TEST(MemoryAccountTest, ManyAtATimeNeverTakeMoreThanThereIs) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  for (int k = 0; k < 8; ++k) {
    threads.emplace_back([&budget] {
      for (int round = 0; round < 1000; ++round) {
        MemoryAccount account(budget);
        account.Raise(100 + round % 100).IgnoreError();
        EXPECT_LE(budget.used_bytes(), 1000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used_bytes(), 0);
}

}  // namespace
}  // namespace kvwire
