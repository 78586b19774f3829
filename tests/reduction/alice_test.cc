#include "common/reduction/alice.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/counter_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

KeyFrame Frame(int64_t rows, int64_t dims) {
  return KeyFrame::Create(KeyFrameKind::kUnit, 3, rows, dims).value();
}

absl::Status Refuse(const AliceTokens&) { return absl::InternalError("not to be called"); }

// Collects one stream and checks each block against the sides and bits.
class StreamChecker {
 public:
  StreamChecker(const Scales& scales, const KeyFrame& frame, std::vector<bool> bits)
      : bits_(std::move(bits)), keys_(frame.rows(), frame.dims()) {
    frame.Fill(0, keys_);
    for (size_t i = 0; i + 1 < scales.sides().size(); ++i) {
      const int64_t tokens = scales.sides()[i] * scales.sides()[i];
      ends_.push_back((ends_.empty() ? 0 : ends_.back()) + tokens);
    }
  }

  void Take(const AliceTokens& tokens, int64_t rows_per_block) {
    const int64_t rows = tokens.keys.rows();
    const int64_t left = ends_[scale_] - row_;
    ASSERT_EQ(rows, std::min(left, rows_per_block));
    EXPECT_EQ(tokens.closes_scale, rows == left);
    EXPECT_EQ(tokens.keys, keys_.middleRows(row_, rows));
    ASSERT_EQ(tokens.values.rows(), rows);
    ASSERT_EQ(tokens.values.cols(), keys_.cols());
    for (int64_t i = 0; i < tokens.values.size(); ++i) {
      EXPECT_EQ(tokens.values.data()[i], bits_[row_ * keys_.cols() + i] ? 1.0f : 0.0f);
    }
    row_ += rows;
    scale_ += tokens.closes_scale ? 1 : 0;
  }

  bool done() const { return scale_ == ends_.size() && row_ == keys_.rows(); }

 private:
  std::vector<bool> bits_;
  Matrix keys_;
  std::vector<int64_t> ends_;
  size_t scale_ = 0;
  int64_t row_ = 0;
};

TEST(AliceTest, StreamsHerBitsScaleByScaleInBlocksOfAnySize) {
  constexpr int64_t kDims = 3;
  for (const std::string text : {"1,1", "2,1", "1,2,3,2", "3,1,2,4,8"}) {
    const Scales scales = Scales::Parse(text).value();
    const KeyFrame frame = Frame(scales.tokens(), kDims);
    BitVector bits(scales.tokens() * kDims);
    std::vector<bool> expected;
    for (int64_t i = 0; i < bits.size_bits(); ++i) {
      expected.push_back(CounterRng(1, 0).Bits(i) & 1);
      bits.Set(i, expected.back());
    }
    for (int64_t rows_per_block = 1; rows_per_block <= 20; ++rows_per_block) {
      StreamChecker checker(scales, frame, expected);
      ASSERT_THAT(StreamAliceTokens(scales, frame, bits, rows_per_block,
                                    [&](const AliceTokens& tokens) {
                                      checker.Take(tokens, rows_per_block);
                                      return absl::OkStatus();
                                    }),
                  IsOk());
      EXPECT_TRUE(checker.done()) << text << " by " << rows_per_block;
    }
  }
}

TEST(AliceTest, StopsAtTheFirstErrorOfTheSink) {
  const Scales scales = Scales::Pyramid(4).value();
  int64_t calls = 0;
  const absl::Status status =
      StreamAliceTokens(scales, Frame(5, 2), BitVector(10), 1, [&](const AliceTokens&) {
        return ++calls == 3 ? absl::UnavailableError("third block") : absl::OkStatus();
      });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "third block"));
  EXPECT_EQ(calls, 3);
}

TEST(AliceTest, AnyOtherNumberOfBitsIsRefused) {
  const Scales scales = Scales::Pyramid(4).value();
  for (const int64_t size_bits : {0, 9, 11, 16}) {
    EXPECT_THAT(
        StreamAliceTokens(scales, Frame(5, 2), BitVector(size_bits), 1, Refuse),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 HasSubstr("5 x 2 = 10 bits are needed, not " + std::to_string(size_bits))));
  }
}

TEST(AliceTest, AnEmptyBlockIsRefused) {
  const Scales scales = Scales::Pyramid(4).value();
  for (const int64_t rows : {0, -1}) {
    EXPECT_THAT(StreamAliceTokens(scales, Frame(5, 2), BitVector(10), rows, Refuse),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("at least 1 row, not " + std::to_string(rows))));
  }
}

TEST(AliceTest, AFrameOfOtherScalesIsRefused) {
  EXPECT_THAT(
      StreamAliceTokens(Scales::Pyramid(4).value(), Frame(4, 2), BitVector(10), 1, Refuse),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("frame has 4 rows, the scales 5 tokens")));
}

}  // namespace
}  // namespace kvwire
