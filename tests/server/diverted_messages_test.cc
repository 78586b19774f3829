#include "server/calls/diverted_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using testing::HasSubstr;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice whole;
  if (!buffer.DumpToSingleSlice(&whole).ok()) return "no bytes";
  return std::string(whole.begin(), whole.end());
}

TEST(DivertedMessagesTest, ComeBackInOrderWhateverTheirSizes) {
  DivertedMessages waiting;
  grpc::ByteBuffer none;
  EXPECT_FALSE(waiting.Take(none).value());
  std::vector<std::string> messages;
  for (const size_t size : {0, 1, 4096, 1 << 20, 3}) {
    messages.emplace_back(size, static_cast<char>('a' + messages.size()));
    ASSERT_THAT(waiting.Add(BufferOf(messages.back())), IsOk());
  }
  for (const std::string& message : messages) {
    grpc::ByteBuffer taken;
    ASSERT_TRUE(waiting.Take(taken).value());
    EXPECT_EQ(BytesOf(taken), message);
  }
  EXPECT_FALSE(waiting.Take(none).value());
}

TEST(DivertedMessagesTest, MayBeOfManySlices) {
  DivertedMessages waiting;
  const grpc::Slice slices[] = {grpc::Slice("one "), grpc::Slice("message")};
  ASSERT_THAT(waiting.Add(grpc::ByteBuffer(slices, 2)), IsOk());
  grpc::ByteBuffer taken;
  ASSERT_TRUE(waiting.Take(taken).value());
  EXPECT_EQ(BytesOf(taken), "one message");
}

TEST(DivertedMessagesTest, WithoutRoomForFilesItSaysWhatToDo) {
  const char* const before = std::getenv("TMPDIR");
  const std::string saved = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nonexistent", 1);
  DivertedMessages waiting;
  EXPECT_THAT(waiting.Add(BufferOf("message")),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("TMPDIR")));
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", saved.c_str(), 1);
}

}  // namespace
}  // namespace kvwire
