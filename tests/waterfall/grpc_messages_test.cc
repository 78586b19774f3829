#include "common/waterfall/grpc_messages.h"

#include <string>
#include <vector>

#include "common/wire/channels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/waterfall/conversation.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;

struct Cut {
  absl::Status Append(std::string_view bytes) {
    return messages.Append(bytes, [this](const std::string& message) {
      found.push_back(message);
      return absl::OkStatus();
    });
  }

  GrpcMessages messages;
  std::vector<std::string> found;
};

TEST(GrpcMessagesTest, TheMessagesAreTheSameWhereverTheBytesAreCut) {
  const std::string bytes = GrpcMessage("one") + GrpcMessage("") + GrpcMessage("three");
  for (size_t step = 1; step <= bytes.size(); ++step) {
    Cut cut;
    for (size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(cut.Append(std::string_view(bytes).substr(at, step)).ok());
    }
    EXPECT_THAT(cut.found, ElementsAre("one", "", "three")) << step;
  }
}

TEST(GrpcMessagesTest, ACompressedMessageIsAnError) {
  Cut cut;
  EXPECT_EQ(cut.Append(BigEndian(1, 1) + BigEndian(3, 4) + "abc").code(),
            absl::StatusCode::kDataLoss);
}

TEST(GrpcMessagesTest, AMessageLongerThanAnyPartyAcceptsIsAnErrorBeforeItComes) {
  const auto limit = static_cast<uint64_t>(kMaxMessageBytes);
  Cut longest;
  EXPECT_TRUE(longest.Append(BigEndian(0, 1) + BigEndian(limit, 4)).ok());
  Cut too_long;
  EXPECT_EQ(too_long.Append(BigEndian(0, 1) + BigEndian(limit + 1, 4)).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(GrpcMessagesTest, TheErrorOfWhoReadsThemIsHandedBack) {
  GrpcMessages messages;
  const auto status = messages.Append(
      GrpcMessage("x"), [](const std::string&) { return absl::AbortedError("no"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace kvwire
