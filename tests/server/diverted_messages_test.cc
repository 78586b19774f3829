#include "server/diverted_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

TEST(DivertedMessagesTest, ComeBackInOrderWhateverTheirSizes) {
  DivertedMessages waiting;
  std::string none;
  EXPECT_FALSE(waiting.Take(none).value());
  std::vector<std::string> messages;
  for (const size_t size : {0, 1, 4096, 1 << 20, 3}) {
    messages.emplace_back(size, static_cast<char>('a' + messages.size()));
    ASSERT_THAT(waiting.Add(messages.back()), IsOk());
  }
  for (const std::string& message : messages) {
    std::string taken;
    ASSERT_TRUE(waiting.Take(taken).value());
    EXPECT_EQ(taken, message);
  }
  EXPECT_FALSE(waiting.Take(none).value());
}

TEST(DivertedMessagesTest, TakesBuffersOfManySlicesToo) {
  DivertedMessages waiting;
  const grpc::Slice slices[] = {grpc::Slice("one "), grpc::Slice("message")};
  ASSERT_THAT(waiting.Add(grpc::ByteBuffer(slices, 2)), IsOk());
  grpc::ByteBuffer taken;
  ASSERT_TRUE(waiting.Take(taken).value());
  grpc::Slice whole;
  ASSERT_TRUE(taken.DumpToSingleSlice(&whole).ok());
  EXPECT_EQ(std::string(whole.begin(), whole.end()), "one message");
}

TEST(DivertedMessagesTest, WithoutRoomForFilesItSaysWhatToDo) {
  const char* const before = std::getenv("TMPDIR");
  const std::string saved = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nonexistent", 1);
  DivertedMessages waiting;
  EXPECT_THAT(waiting.Add(std::string("message")),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("TMPDIR")));
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", saved.c_str(), 1);
}

}  // namespace
}  // namespace kvwire
