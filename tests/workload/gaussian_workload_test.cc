#include "common/workload/gaussian_workload.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const GaussianWorkload& Named(const std::string& name) {
  for (const GaussianWorkload& workload : GaussianWorkloads()) {
    if (workload.name == name) return workload;
  }
  throw std::invalid_argument(name);
}

AttentionWorkload Draw(const std::string& name, uint64_t seed = 1, WorkloadSize size = {}) {
  return DrawWorkload(Named(name), size, seed).value();
}

const std::vector<std::string> kNames = {"clustered", "flat", "needle", "peaky"};

// Row numbers of groups of keys: each row joins the first group whose first key has at
// least this cosine with it.
std::vector<std::vector<int64_t>> GroupsOf(const Matrix& keys, float cosine) {
  std::vector<std::vector<int64_t>> groups;
  for (int64_t t = 0; t < keys.rows(); ++t) {
    const auto near = [&](const std::vector<int64_t>& group) {
      return keys.row(t).dot(keys.row(group.front())) >= cosine;
    };
    const auto found = std::find_if(groups.begin(), groups.end(), near);
    if (found == groups.end()) {
      groups.push_back({t});
    } else {
      found->push_back(t);
    }
  }
  return groups;
}

// By how many equal tokens the softmax weights of a query would be explained:
// 1 / sum p^2, averaged over the queries.
double SharingTokens(const AttentionWorkload& workload) {
  double sum = 0;
  for (int64_t q = 0; q < workload.queries.rows(); ++q) {
    const Eigen::ArrayXd scores =
        (workload.keys.cast<double>() * workload.queries.row(q).cast<double>().transpose())
            .array();
    const Eigen::ArrayXd weights = (scores - scores.maxCoeff()).exp();
    sum += weights.sum() * weights.sum() / weights.square().sum();
  }
  return sum / static_cast<double>(workload.queries.rows());
}

TEST(GaussianWorkloadTest, TheTableIsInOrderOfName) {
  std::vector<std::string> names;
  for (const GaussianWorkload& workload : GaussianWorkloads()) {
    names.emplace_back(workload.name);
    EXPECT_FALSE(workload.summary.empty());
  }
  EXPECT_EQ(names, kNames);
}

TEST(GaussianWorkloadTest, HasTheSizesThatAreAskedForInScales) {
  const AttentionWorkload workload =
      Draw("flat", 1, {.tokens = 100, .dims = 7, .queries = 3, .scale_tokens = 48});
  EXPECT_EQ(workload.keys.rows(), 100);
  EXPECT_EQ(workload.keys.cols(), 7);
  EXPECT_EQ(workload.values.rows(), 100);
  EXPECT_EQ(workload.values.cols(), 7);
  EXPECT_EQ(workload.token_queries.rows(), 100);
  EXPECT_EQ(workload.queries.rows(), 3);
  EXPECT_THAT(workload.scale_tokens, ElementsAre(48, 48, 4));
  EXPECT_EQ(Draw("flat").scale_tokens, std::vector<int64_t>(64, 64));
}

TEST(GaussianWorkloadTest, KeysAreUnitVectorsAndQueriesHaveTheNormOfTheWorkload) {
  for (const std::string& name : kNames) {
    const AttentionWorkload workload = Draw(name);
    const auto norm = static_cast<float>(Named(name).query_norm);
    EXPECT_LT((workload.keys.rowwise().norm().array() - 1).abs().maxCoeff(), 1e-6) << name;
    EXPECT_LT((workload.queries.rowwise().norm().array() - norm).abs().maxCoeff(),
              1e-5 * norm);
    EXPECT_LT((workload.token_queries.rowwise().norm().array() - norm).abs().maxCoeff(),
              1e-5 * norm);
  }
}

TEST(GaussianWorkloadTest, QueriesPointAlongTheKeysOfDifferentTokens) {
  for (const std::string& name : kNames) {
    const AttentionWorkload workload = Draw(name, 3);
    const auto norm = static_cast<float>(Named(name).query_norm);
    const Matrix cosines = workload.queries * workload.keys.transpose() / norm;
    std::set<int64_t> asked;
    for (int64_t q = 0; q < cosines.rows(); ++q) {
      int64_t token = 0;
      EXPECT_NEAR(cosines.row(q).maxCoeff(&token), 1, 1e-5) << name;
      asked.insert(token);
    }
    EXPECT_EQ(asked.size(), 40U) << name;
  }
}

TEST(GaussianWorkloadTest, QueriesOfTokensAskForTokensAnywhereInTheStream) {
  const AttentionWorkload workload = Draw("needle", 1, {.tokens = 512});
  const Matrix cosines = workload.token_queries * workload.keys.transpose() / 40;
  std::vector<int64_t> asked;
  for (int64_t t = 0; t < cosines.rows(); ++t) {
    int64_t token = 0;
    EXPECT_NEAR(cosines.row(t).maxCoeff(&token), 1, 1e-5);
    asked.push_back(token);
  }
  // 512 draws of 512 tokens: (1 - 1/e) of them are hit, and the mean is the middle.
  const double mean = std::accumulate(asked.begin(), asked.end(), 0.0) / 512;
  EXPECT_NEAR(mean, 255.5, 4 * 512 / std::sqrt(12 * 512.0));
  EXPECT_NEAR(static_cast<double>(std::set<int64_t>(asked.begin(), asked.end()).size()), 324,
              30);
}

TEST(GaussianWorkloadTest, TightClustersAreThirtyTwoAndFarApart) {
  const AttentionWorkload workload = Draw("clustered");
  const auto groups = GroupsOf(workload.keys, 0.9F);
  ASSERT_EQ(groups.size(), 32U);
  for (const auto& group : groups) {
    EXPECT_NEAR(static_cast<double>(group.size()), 128, 45);  // four deviations
    for (const int64_t t : group) {
      EXPECT_GT(workload.keys.row(t).dot(workload.keys.row(group.front())), 0.97F);
    }
  }
  for (size_t a = 0; a < groups.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      EXPECT_LT(workload.keys.row(groups[a][0]).dot(workload.keys.row(groups[b][0])), 0.7F);
    }
  }
}

TEST(GaussianWorkloadTest, ValuesLieAboutTheMeanOfTheirCluster) {
  for (const std::string name : {"clustered", "flat", "peaky"}) {
    const AttentionWorkload workload = Draw(name);
    double within = 0;
    double between = 0;
    const auto groups = GroupsOf(workload.keys, name == "clustered" ? 0.9F : 0.7F);
    int64_t members = 0;
    for (const auto& group : groups) {
      if (group.size() < 64) continue;  // strays of loose clusters
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(64);
      for (const int64_t t : group) mean += workload.values.row(t).cast<double>().transpose();
      mean /= static_cast<double>(group.size());
      between += mean.squaredNorm() * static_cast<double>(group.size());
      for (const int64_t t : group) {
        within += (workload.values.row(t).cast<double>().transpose() - mean).squaredNorm();
      }
      members += static_cast<int64_t>(group.size());
    }
    EXPECT_GT(members, 3900) << name;
    const double numbers = 64 * static_cast<double>(members);
    const double spread = Named(name).value_spread;
    EXPECT_NEAR(std::sqrt(within / numbers), spread, 0.05 * spread) << name;
    EXPECT_NEAR(std::sqrt(between / numbers), 1, 0.1) << name;
  }
}

TEST(GaussianWorkloadTest, LooseClustersHaveTheCosineOfTheirSpread) {
  const AttentionWorkload workload = Draw("flat");
  const auto groups = GroupsOf(workload.keys, 0.7F);
  double sum = 0;
  int64_t pairs = 0;
  for (const auto& group : groups) {
    for (size_t i = 1; i < group.size(); ++i) {
      sum += workload.keys.row(group[i]).dot(workload.keys.row(group[i - 1]));
      ++pairs;
    }
  }
  EXPECT_NEAR(sum / static_cast<double>(pairs), 1 / (1 + 0.38 * 0.38), 0.01);
}

TEST(GaussianWorkloadTest, OneTokenHasTheWeightOfANeedleQuery) {
  const AttentionWorkload workload = Draw("needle");
  const Matrix cosines = workload.queries * workload.keys.transpose() / 40;
  for (int64_t q = 0; q < cosines.rows(); ++q) {
    EXPECT_EQ((cosines.row(q).array() > 0.75F).count(), 1);
  }
  const double sharing = SharingTokens(workload);
  EXPECT_GE(sharing, 1);
  EXPECT_LT(sharing, 1.01);
}

TEST(GaussianWorkloadTest, WeightsAreSharedAsTheSummariesSay) {
  const double flat = SharingTokens(Draw("flat"));
  EXPECT_GT(flat, 300);
  EXPECT_LT(flat, 800);
  const double peaky = SharingTokens(Draw("peaky"));
  EXPECT_GT(peaky, 3);
  EXPECT_LT(peaky, 9);
  const double clustered = SharingTokens(Draw("clustered"));
  EXPECT_GT(clustered, 100);
  EXPECT_LT(clustered, 150);
}

TEST(GaussianWorkloadTest, IsAFunctionOfTheSeed) {
  for (const std::string& name : kNames) {
    const AttentionWorkload first = Draw(name, 5);
    const AttentionWorkload again = Draw(name, 5);
    const AttentionWorkload other = Draw(name, 6);
    EXPECT_EQ(first.keys, again.keys);
    EXPECT_EQ(first.values, again.values);
    EXPECT_EQ(first.queries, again.queries);
    EXPECT_EQ(first.token_queries, again.token_queries);
    EXPECT_NE(first.keys, other.keys);
    EXPECT_NE(first.values, other.values);
  }
}

TEST(GaussianWorkloadTest, HasTheSameBitsEverywhere) {
  const AttentionWorkload workload = Draw("peaky");
  EXPECT_EQ(workload.keys(0, 0), 0x1.1a6a12p-3F);
  EXPECT_EQ(workload.values(4095, 63), -0x1.6f7556p-6F);
  EXPECT_EQ(workload.queries(39, 63), -0x1.7e709ap+1F);
  EXPECT_EQ(workload.token_queries(4095, 0), 0x1.0ee14p+3F);
}

TEST(GaussianWorkloadTest, AShortStreamIsTheBeginningOfALongOne) {
  const AttentionWorkload whole = Draw("flat", 2);
  const AttentionWorkload part = Draw("flat", 2, {.tokens = 100});
  EXPECT_EQ(part.keys, whole.keys.topRows(100));
  EXPECT_EQ(part.values, whole.values.topRows(100));
}

TEST(GaussianWorkloadTest, EveryTokenCanBeAsked) {
  const AttentionWorkload workload = Draw("needle", 1, {.tokens = 9, .dims = 5, .queries = 9});
  const Matrix cosines = workload.queries * workload.keys.transpose() / 40;
  EXPECT_EQ((cosines.array() > 1 - 1e-5F).count(), 9);
}

TEST(GaussianWorkloadTest, SizesThatCannotBeAreRefused) {
  const auto status = [](const WorkloadSize& size) {
    return DrawWorkload(Named("flat"), size, 1).status();
  };
  constexpr auto kRefused = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(status({.tokens = 0}), StatusIs(kRefused, HasSubstr("0 tokens")));
  EXPECT_THAT(status({.tokens = 39}), StatusIs(kRefused, HasSubstr("40 queries")));
  EXPECT_THAT(status({.queries = 0}), StatusIs(kRefused, HasSubstr("0 queries")));
  EXPECT_THAT(status({.dims = 0}), StatusIs(kRefused, HasSubstr("0 coordinates")));
  EXPECT_THAT(status({.tokens = 1 << 20, .dims = 65}), StatusIs(kRefused, HasSubstr("n d")));
  EXPECT_THAT(status({.tokens = std::numeric_limits<int64_t>::max(), .dims = 2}),
              StatusIs(kRefused, HasSubstr("n d")));
  EXPECT_THAT(status({.scale_tokens = 0}), StatusIs(kRefused, HasSubstr("scales of 0")));
}

}  // namespace
}  // namespace kvwire
