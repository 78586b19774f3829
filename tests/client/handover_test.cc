#include "client/handover.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/wire/generations.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

TEST(HandoverTest, AnAlgorithmLeavesBobTheLastScale) {
  const auto handover = ParseHandover("streaming:window=64,sinks=2", {});
  ASSERT_THAT(handover, IsOk());
  EXPECT_EQ(handover->name, "streaming:sinks=2");
  EXPECT_FALSE(handover->exact());
  const Generation generation = handover->Applied(SmallGeneration());
  EXPECT_EQ(generation.algorithm, "streaming:sinks=2");
  EXPECT_EQ(generation.bob_scales, 1);
}

TEST(HandoverTest, ATokenLogIsAnExactCacheOfNothingAndLeavesBobAllScales) {
  const auto handover = ParseHandover("tokenlog", {});
  ASSERT_THAT(handover, IsOk());
  EXPECT_EQ(handover->name, "tokenlog");
  EXPECT_TRUE(handover->exact());
  const Generation generation = handover->Applied(SmallGeneration("float16"));
  EXPECT_EQ(generation.algorithm, "exact");
  EXPECT_EQ(generation.bob_scales, 3);
  EXPECT_EQ(generation.handover(), 0);
  // A row after it is none again.
  EXPECT_EQ(ParseHandover("exact", {})->Applied(generation).bob_scales, 1);
}

TEST(HandoverTest, ATokenLogIsThatOfForeignAlgorithmServersToo) {
  const auto handover = ParseHandover("tokenlog", {.alice_algorithm = "127.0.0.1:1"});
  ASSERT_THAT(handover, IsOk());
  EXPECT_TRUE(handover->token_log);
}

TEST(HandoverTest, ATokenLogHasNoOptionsAndNoWrappers) {
  for (const std::string text :
       {"tokenlog:scale=2", "tokenlog+zstd", "tokenlog+window:sinks=4"}) {
    EXPECT_THAT(ParseHandover(text, {}),
                StatusIs(Code::kInvalidArgument,
                         AllOf(HasSubstr(text), HasSubstr("no options and no wrappers"))));
  }
}

TEST(HandoverTest, WhatIsNoAlgorithmIsInvalid) {
  for (const std::string text : {"", "nope", "TOKENLOG", "tokenlog ", "exact+tokenlog"}) {
    EXPECT_THAT(ParseHandover(text, {}), StatusIs(Code::kInvalidArgument, ::testing::_))
        << text;
  }
}

}  // namespace
}  // namespace kvwire
