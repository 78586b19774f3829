#include "common/kv/algorithms/layer_merge.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_layer_merge.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Merged {
  std::vector<float> direction;
  std::vector<float> lengths;
  std::vector<float> restored;
};

Merged MergedOf(const std::vector<float>& vector, double t) {
  const LayerMerge merge(static_cast<int64_t>(vector.size()), t);
  Merged merged;
  merged.direction.resize(static_cast<size_t>(merge.direction_width()));
  merged.lengths.resize(LayerMerge::kLengths);
  merged.restored.resize(vector.size());
  EXPECT_THAT(merge.CheckLengths(vector), IsOk());
  merge.Merge(vector, absl::MakeSpan(merged.direction), absl::MakeSpan(merged.lengths));
  EXPECT_THAT(merge.CheckMerged(merged.direction, merged.lengths), IsOk());
  LayerMerge::Restore(merged.direction, merged.lengths, absl::MakeSpan(merged.restored));
  for (const float number : merged.restored) EXPECT_TRUE(std::isfinite(number));
  return merged;
}

std::vector<float> RowOf(const Matrix& rows, int64_t row) {
  return {rows.row(row).begin(), rows.row(row).end()};
}

TEST(LayerMergeTest, RestoresWhatTheFormulaSays) {
  for (const int64_t width : {2, 3, 4, 7, 16, 64, 129}) {
    const Matrix rows = NormalMatrix(50, width, 3);
    for (const double t : {0.0, 0.3, 0.5, 0.6, 1.0}) {
      for (int64_t i = 0; i < rows.rows(); ++i) {
        const Eigen::VectorXd row = rows.row(i).transpose().cast<double>();
        const Eigen::VectorXd expected = NaiveMerged(row, t);
        const Merged merged = MergedOf(RowOf(rows, i), t);
        for (int64_t j = 0; j < width; ++j) {
          ASSERT_NEAR(merged.restored[static_cast<size_t>(j)], expected[j], 1e-6 * row.norm())
              << "width " << width << ", t = " << t;
        }
        const LayerMerge merge(width, t);
        ASSERT_NEAR(merge.Angle(RowOf(rows, i)), NaiveLayers(row).Angle(), 1e-7);
      }
    }
  }
}

// Along a circle a share t of the angle lies before the shared direction, 1 - t after it.
TEST(LayerMergeTest, TheSharedDirectionDividesTheAngleAsTSays) {
  for (const double angle : {0.01, 0.5, 1.5, 2.5, 3.1}) {
    for (const double t : {0.0, 0.25, 0.6, 1.0}) {
      const Merged merged = MergedOf({2, 0, static_cast<float>(3 * std::cos(angle)),
                                      static_cast<float>(3 * std::sin(angle))},
                                     t);
      EXPECT_NEAR(merged.direction[0], std::cos(t * angle), 1e-6);
      EXPECT_NEAR(merged.direction[1], std::sin(t * angle), 1e-6);
      EXPECT_NEAR(merged.lengths[0], 2, 1e-6);
      EXPECT_NEAR(merged.lengths[1], 3, 1e-6);
    }
  }
}

TEST(LayerMergeTest, IdenticalLayersComeBackToWithinRounding) {
  const Matrix layer = NormalMatrix(200, 24, 5);
  for (const double t : {0.0, 0.6, 1.0}) {
    for (int64_t i = 0; i < layer.rows(); ++i) {
      std::vector<float> both = RowOf(layer, i);
      const std::vector<float> once = both;
      both.insert(both.end(), once.begin(), once.end());
      const Merged merged = MergedOf(both, t);
      for (size_t j = 0; j < both.size(); ++j) {
        ASSERT_NEAR(merged.restored[j], both[j], 2.5e-7 * std::fabs(both[j]));
      }
    }
  }
}

TEST(LayerMergeTest, ALayerOfZerosTakesNothingFromTheOther) {
  for (const std::vector<float>& vector :
       std::vector<std::vector<float>>{{0, -0.0F, 3, 4}, {3, 4, 0, 0}}) {
    const LayerMerge merge(4, 0.6);
    EXPECT_EQ(merge.Angle(vector), 0);
    const Merged merged = MergedOf(vector, 0.6);
    for (size_t j = 0; j < 4; ++j) EXPECT_NEAR(merged.restored[j], vector[j], 1e-6);
  }
  const Merged nothing = MergedOf({0, 0, 0, 0}, 0.6);
  EXPECT_THAT(nothing.direction, Each(0));
  EXPECT_THAT(nothing.lengths, Each(0));
  EXPECT_THAT(nothing.restored, Each(0));
}

TEST(LayerMergeTest, OppositeLayersShareTheOneThatTIsNearer) {
  const std::vector<float> opposite = {3, 4, -3, -4};
  EXPECT_NEAR(LayerMerge(4, 0.6).Angle(opposite), std::numbers::pi, 1e-7);
  EXPECT_THAT(MergedOf(opposite, 0.25).restored, ElementsAre(3, 4, 3, 4));
  EXPECT_THAT(MergedOf(opposite, 0.5).restored, ElementsAre(3, 4, 3, 4));
  EXPECT_THAT(MergedOf(opposite, 0.75).restored, ElementsAre(-3, -4, -3, -4));
}

TEST(LayerMergeTest, AnOddWidthIsALayerThatEndsInAZero) {
  EXPECT_THAT(MergedOf({3, 4, 0}, 0.6).restored, ElementsAre(3, 4, 0));
  EXPECT_THAT(MergedOf({-5}, 0.6).restored, ElementsAre(-5));
  const Merged odd = MergedOf({3, 4, 5}, 0.6);
  const Merged even = MergedOf({3, 4, 5, 0}, 0.6);
  EXPECT_EQ(odd.direction, even.direction);
  EXPECT_EQ(odd.lengths, even.lengths);
}

TEST(LayerMergeTest, TheLargestAndTheSmallestNumbersStayFinite) {
  const float most = std::numeric_limits<float>::max();
  const float least = std::numeric_limits<float>::denorm_min();
  EXPECT_THAT(MergedOf({most, 0, 0, -most}, 0.6).lengths, ElementsAre(most, most));
  EXPECT_THAT(MergedOf({least, 0, 0, least}, 0.6).lengths, ElementsAre(least, least));
  EXPECT_THAT(MergedOf({most, 0, -least, 0}, 0.3).restored, ElementsAre(most, 0, least, 0));
  for (const std::vector<float>& vector :
       std::vector<std::vector<float>>{{most, most, 0, 1}, {0, 1, most, -most}}) {
    EXPECT_THAT(LayerMerge(4, 0.6).CheckLengths(vector),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("length 4.81232e+38")));
  }
}

TEST(LayerMergeTest, RefusesWhatNoMergeWrites) {
  const LayerMerge merge(4, 0.6);
  const auto check = [&merge](const std::vector<float>& direction,
                              const std::vector<float>& lengths) {
    return merge.CheckMerged(direction, lengths);
  };
  EXPECT_THAT(check({0.6F, 0.8F}, {1, 0}), IsOk());
  EXPECT_THAT(check({0, 0}, {0, 0}), IsOk());
  const auto loss = [](const char* what) {
    return StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what));
  };
  EXPECT_THAT(check({0.6F, 0.8F}, {1, -1}), loss("a layer's length of -1"));
  EXPECT_THAT(check({0.6F, 0.8F}, {-0.0F, 1}), loss("a layer's length of -0"));
  EXPECT_THAT(check({0.6F, 0.8F}, {0, 0}), loss("a direction of length 1 "));
  EXPECT_THAT(check({0, 0}, {1, 0}), loss("a direction of length 0"));
  EXPECT_THAT(check({0.6F, 0.7F}, {1, 1}), loss("a direction of length 0.92"));
  EXPECT_THAT(check({3e38F, 0}, {1, 1}), loss("a direction of length 3e+38"));
  EXPECT_THAT(LayerMerge(1, 0.6).CheckMerged(std::vector<float>{1}, std::vector<float>{1, 1}),
              loss("a layer that has no coordinates"));
}

}  // namespace
}  // namespace kvwire
