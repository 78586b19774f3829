#include "common/waterfall/sequence_stream.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace kvwire {
namespace {

// A stream that begins at `first`, and all that it handed on.
struct Received {
  explicit Received(uint32_t first) : first_byte(first) { stream.Open(first - 1); }

  absl::Status Add(int64_t offset, std::string_view payload) {
    return stream.Add(first_byte + static_cast<uint32_t>(offset), payload,
                      [this](std::string_view piece) {
                        text += piece;
                        return absl::OkStatus();
                      });
  }

  uint32_t first_byte;
  SequenceStream stream;
  std::string text;
};

TEST(SequenceStreamTest, AnyOrderOfAnySegmentsGivesTheText) {
  const std::string text = "abcdef";
  // Three segments that cover the text, overlapping in every way, in every order.
  std::vector<std::pair<int, int>> pieces;
  for (int begin = 0; begin < 6; ++begin) {
    for (int end = begin + 1; end <= 6; ++end) pieces.emplace_back(begin, end);
  }
  int whole = 0;
  for (const auto& a : pieces) {
    for (const auto& b : pieces) {
      for (const auto& c : pieces) {
        Received received(0xfffffffd);  // wraps within the text
        std::vector<bool> covered(6);
        int64_t sent = 0;
        for (const auto& [begin, end] : {a, b, c}) {
          ASSERT_TRUE(received.Add(begin, text.substr(begin, end - begin)).ok());
          std::fill(covered.begin() + begin, covered.begin() + end, true);
          sent += end - begin;
        }
        const auto seen = std::count(covered.begin(), covered.end(), true);
        const auto prefix = std::find(covered.begin(), covered.end(), false) - covered.begin();
        EXPECT_EQ(received.text, text.substr(0, prefix));
        EXPECT_EQ(received.stream.bytes(), prefix);
        EXPECT_EQ(received.stream.repeated_bytes(), sent - seen);
        EXPECT_EQ(received.stream.Finish().ok(), prefix == seen);
        whole += prefix == 6;
      }
    }
  }
  EXPECT_GT(whole, 100);
}

TEST(SequenceStreamTest, ABytePastTheLastOneIsMissedIfTheEndIsKnown) {
  Received received(7);
  ASSERT_TRUE(received.Add(0, "abc").ok());
  received.stream.End(7 + 3);
  EXPECT_TRUE(received.stream.Finish().ok());
  received.stream.End(7 + 4);
  EXPECT_EQ(received.stream.Finish().code(), absl::StatusCode::kDataLoss);
}

TEST(SequenceStreamTest, ASecondSynIsTheFirstOneSentAgain) {
  Received received(100);
  ASSERT_TRUE(received.Add(0, "abc").ok());
  received.stream.Open(99);
  ASSERT_TRUE(received.Add(3, "d").ok());
  EXPECT_EQ(received.text, "abcd");
}

TEST(SequenceStreamTest, NothingCanBePlacedBeforeTheBeginningIsKnown) {
  SequenceStream stream;
  const auto status = stream.Add(5, "x", [](std::string_view) { return absl::OkStatus(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SequenceStreamTest, TheErrorOfWhoReadsItIsHandedBack) {
  SequenceStream stream;
  stream.Open(4);
  const auto status =
      stream.Add(5, "x", [](std::string_view) { return absl::AbortedError("no"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace kvwire
