#include "common/workload/var_workload.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"
#include "tests/var/full_transformer.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(VarWorkloadTest, HoldsAllMapsButTheLastAMapAScale) {
  const AttentionWorkload workload = GenerateVarWorkload({1, 2, 3, 5}, 8, 1).value();
  EXPECT_THAT(workload.scale_tokens, ElementsAre(1, 4, 9));
  EXPECT_EQ(workload.tokens(), 14);
  EXPECT_EQ(workload.dims(), 8);
  EXPECT_EQ(workload.values.rows(), 14);
  EXPECT_EQ(workload.token_queries.rows(), 14);
  EXPECT_EQ(workload.queries.rows(), 25);
}

TEST(VarWorkloadTest, IsWhatTheDefinitionsMakeOfTheMaps) {
  constexpr int64_t kDims = 8;
  const VarOptions options{.sides = {1, 2, 3, 4}, .seed = 9};
  const AttentionWorkload workload =
      GenerateVarWorkload(options.sides, kDims, options.seed).value();
  const VarWeights weights = SeededVarWeights(options.seed, kDims).value();
  const double scale = 1 / std::sqrt(static_cast<double>(kDims));
  std::vector<Eigen::MatrixXd> maps = FullTransformer(weights, options, scale);
  maps.pop_back();
  const Eigen::MatrixXd tokens = StackedMaps(weights, options, maps);  // all four
  const Eigen::MatrixXd queries = scale * tokens * weights.w_q.cast<double>();
  const auto expect_near = [](const Matrix& actual, const Eigen::MatrixXd& expected) {
    EXPECT_LT((actual.cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-4);
  };
  expect_near(workload.keys, (tokens * weights.w_k.cast<double>()).topRows(14));
  expect_near(workload.values, (tokens * weights.w_v.cast<double>()).topRows(14));
  expect_near(workload.token_queries, queries.topRows(14));
  expect_near(workload.queries, queries.bottomRows(16));
}

TEST(VarWorkloadTest, AnotherSeedIsAnotherModel) {
  const Matrix one = GenerateVarWorkload({1, 2}, 4, 1).value().keys;
  EXPECT_EQ(one, GenerateVarWorkload({1, 2}, 4, 1).value().keys);
  EXPECT_NE(one, GenerateVarWorkload({1, 2}, 4, 2).value().keys);
}

TEST(VarWorkloadTest, SidesAndDimensionsThatCannotBeAreRefused) {
  constexpr auto kRefused = absl::StatusCode::kInvalidArgument;
  const auto status = [](const std::vector<int64_t>& sides, int64_t dims) {
    return GenerateVarWorkload(sides, dims, 1).status();
  };
  EXPECT_THAT(status({1}, 8), StatusIs(kRefused, HasSubstr("two maps")));
  EXPECT_THAT(status({2, 3}, 8), StatusIs(kRefused, HasSubstr("side")));
  EXPECT_THAT(status({1, 2}, 0), StatusIs(kRefused, HasSubstr("d must be")));
  EXPECT_THAT(status({1, 4096, 4096, 4096}, 16), StatusIs(kRefused, HasSubstr("n d")));
}

}  // namespace
}  // namespace kvwire
