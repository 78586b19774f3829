#include "common/reduction/bob.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BobTest, FindsTheRowsBehindEverySmallQuestion) {
  // All subsets of the positions of a payload of 5 rows and 2 columns.
  for (uint32_t subset = 0; subset < 1024; ++subset) {
    std::vector<int64_t> positions;
    std::set<int64_t> rows;
    for (int64_t position = 9; position >= 0; --position) {
      if ((subset >> position & 1) == 0) continue;
      positions.push_back(position);
      rows.insert(position / 2);
    }
    EXPECT_EQ(RowsOfPositions(positions, 10, 2).value(),
              std::vector<int64_t>(rows.begin(), rows.end()));
  }
}

TEST(BobTest, RepeatedPositionsAskForTheirRowOnce) {
  EXPECT_THAT(RowsOfPositions({7, 6, 7, 0, 7}, 8, 4).value(), ElementsAre(0, 1));
}

TEST(BobTest, APositionOutsideOfThePayloadIsRefused) {
  for (const int64_t position : {int64_t{-1}, int64_t{10}, INT64_MIN, INT64_MAX}) {
    EXPECT_THAT(RowsOfPositions({0, position, 1}, 10, 2),
                StatusIs(absl::StatusCode::kOutOfRange,
                         HasSubstr("position " + std::to_string(position) +
                                   " is not among the 10 bits")));
  }
}

TEST(BobTest, SplitsAnyNumberOfRowsIntoFullReplaysAndARest) {
  for (int64_t count = 0; count <= 20; ++count) {
    std::vector<int64_t> rows(count);
    std::iota(rows.begin(), rows.end(), 100);
    for (int64_t queries = 1; queries <= 21; ++queries) {
      const auto replays = SplitIntoReplays(rows, queries);
      ASSERT_EQ(static_cast<int64_t>(replays.size()), (count + queries - 1) / queries);
      std::vector<int64_t> joined;
      for (const std::vector<int64_t>& replay : replays) {
        const int64_t left = count - static_cast<int64_t>(joined.size());
        ASSERT_EQ(static_cast<int64_t>(replay.size()), std::min(left, queries));
        joined.insert(joined.end(), replay.begin(), replay.end());
      }
      EXPECT_EQ(joined, rows);
    }
  }
}

TEST(BobTest, QueriesAreTheKeysTimesTheSharpness) {
  const KeyFrame frame = KeyFrame::Create(KeyFrameKind::kGaussian, 5, 21, 4).value();
  Matrix keys(21, 4);
  frame.Fill(0, keys);
  const Matrix queries = QueryRows(frame, 2.5, {20, 0, 7, 7});
  ASSERT_EQ(queries.rows(), 4);
  EXPECT_EQ(queries.row(0), 2.5f * keys.row(20));
  EXPECT_EQ(queries.row(1), 2.5f * keys.row(0));
  EXPECT_EQ(queries.row(2), 2.5f * keys.row(7));
  EXPECT_EQ(queries.row(3), queries.row(2));
  EXPECT_EQ(QueryRows(frame, 2.5, {}).rows(), 0);
}

TEST(BobTest, DecodesEachPatternOfOutputsAboveAndBelowTheThreshold) {
  const KeyFrame frame = KeyFrame::Create(KeyFrameKind::kUnit, 2, 5, 4).value();
  const Thresholds thresholds = Thresholds::Place(frame, 3, {1, 4}, 16, Decoding());
  for (uint32_t pattern = 0; pattern < 256; ++pattern) {
    Matrix outputs(2, 4);
    for (int64_t i = 0; i < 8; ++i) {
      const auto tau = static_cast<float>(thresholds.tau(i / 4));
      outputs.data()[i] = (pattern >> i & 1) != 0 ? tau * 1.001f : tau * 0.999f;
    }
    // Rows 1 and 2 of three are written, whatever was there; row 0 is not.
    BitVector out(12);
    for (int64_t i = 0; i < 12; ++i) out.Set(i, i % 3 == 0);
    DecodeRows(outputs, thresholds, 1, out);
    for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(out.Get(i), i % 3 == 0);
    for (int64_t i = 0; i < 8; ++i) EXPECT_EQ(out.Get(4 + i), (pattern >> i & 1) != 0);
  }
}

TEST(BobTest, ATieAndANotANumberAreZeros) {
  const KeyFrame frame = KeyFrame::Create(KeyFrameKind::kUnit, 2, 5, 2).value();
  const Thresholds thresholds = Thresholds::Place(frame, 3, {1}, 0, Decoding());
  Matrix outputs(1, 2);
  outputs << 0.5f, std::numeric_limits<float>::quiet_NaN();
  BitVector out(2);
  DecodeRows(outputs, thresholds, 0, out);
  EXPECT_EQ(out, BitVector(2));
}

TEST(QuerySharpnessTest, DividesByTheScaleOfTheAlgorithmsScores) {
  PublicParameters parameters{
      .shape = ProblemShape::Var(Scales::Pyramid(4).value()), .dims = 16, .sharpness = 6};
  const std::pair<const char*, double> cases[] = {
      {"exact", 6}, {"exact:scale=2", 3}, {"theirs:scale=rsqrt", 24}, {"Not One Of Ours", 6}};
  for (const auto& [algorithm, expected] : cases) {
    parameters.algorithm = algorithm;
    EXPECT_EQ(QuerySharpness(parameters).value(), expected) << algorithm;
  }
  parameters.algorithm = "theirs:scale=large";
  EXPECT_THAT(QuerySharpness(parameters),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scale=large")));
}

}  // namespace
}  // namespace kvwire
