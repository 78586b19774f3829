// What each sampler draws, against the probabilities that it promises.

#include <cmath>
#include <numeric>
#include <vector>

#include "common/kv/algorithms/cluster_samples.h"
#include "common/kv/algorithms/halving_layout.h"
#include "common/kv/algorithms/norm_sampler.h"
#include "common/kv/algorithms/recent_rows.h"
#include "common/kv/algorithms/subgen_sketch.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"

namespace kvwire {
namespace {

// Pearson's statistic, whose mean is categories - 1 and whose deviation sqrt(2 (that)).
double ChiSquare(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  }
  return sum;
}

TEST(NormSamplerTest, HoldsEachTokenWithItsShareOfTheSquaredNorms) {
  const std::vector<float> values = {3, 0, 1, 2, -4, 0.5F, 1};
  constexpr int64_t kSlots = 100000;
  NormSampler sampler(kSlots, 1, 5, 0);
  for (size_t token = 0; token < values.size(); ++token) {
    const std::vector<float> key = {static_cast<float>(token)};
    const std::vector<float> value = {values[token]};
    sampler.Take(static_cast<int64_t>(token), key, value);
  }
  EXPECT_EQ(sampler.norm_sum(), 9 + 1 + 4 + 16 + 0.25 + 1);
  std::vector<double> counts(values.size());
  for (int64_t slot = 0; slot < kSlots; ++slot) {
    const auto token = static_cast<size_t>(sampler.key(slot)[0]);
    ++counts[token];
    EXPECT_EQ(sampler.value(slot)[0], values[token]);
  }
  EXPECT_EQ(counts[1], 0);
  std::vector<double> seen;
  std::vector<double> expected;
  for (size_t token = 0; token < values.size(); ++token) {
    if (values[token] == 0) continue;
    seen.push_back(counts[token]);
    expected.push_back(kSlots * values[token] * values[token] / 31.25);
  }
  // 5 degrees of freedom: 0.2 and 20.5 are the quantiles 0.001 and 0.999.
  EXPECT_GT(ChiSquare(seen, expected), 0.2);
  EXPECT_LT(ChiSquare(seen, expected), 20.5);
}

TEST(NormSamplerTest, WeightsMakeSumsOverSlotsUnbiased) {
  NormSampler sampler(50000, 1, 6, 0);
  double truth = 0;
  for (int64_t token = 0; token < 30; ++token) {
    const std::vector<float> key = {static_cast<float>(token)};
    const std::vector<float> value = {1 + 0.1F * static_cast<float>(token % 7)};
    truth += std::sin(static_cast<double>(token)) + 2;
    sampler.Take(token, key, value);
  }
  double estimate = 0;
  for (int64_t slot = 0; slot < 50000; ++slot) {
    estimate +=
        std::exp(sampler.LogWeight(slot)) * (std::sin(double{sampler.key(slot)[0]}) + 2);
  }
  EXPECT_NEAR(estimate / truth, 1, 0.01);
  EXPECT_NE(estimate, truth);
}

TEST(SubgenSketchTest, KeepsEachKeyOfAClusterAlikeInEverySlot) {
  constexpr int kTokens = 10;
  constexpr int64_t kSlots = 100000;
  Matrix keys(kTokens, 1);
  for (int token = 0; token < kTokens; ++token) keys(token, 0) = static_cast<float>(token);
  const Matrix values = Matrix::Ones(kTokens, 1);
  SubgenSketch sketch({.delta = 100, .cluster_keys = kSlots, .value_samples = 1}, 1, 0, 3, 0);
  const BlockTokens tokens({kTokens, nullptr, keys.data(), values.data(), true}, 1);
  sketch.Take(tokens, sketch.Plan(tokens), 50);
  std::vector<double> counts(kTokens);
  sketch.VisitKeys([&](const KeyValueBlock& block) {
    for (int64_t i = 0; i < block.keys.rows(); ++i) {
      ++counts[static_cast<size_t>(block.keys(i, 0))];
    }
  });
  // 9 degrees of freedom: 1.15 and 27.9 are the quantiles 0.001 and 0.999.
  const double statistic = ChiSquare(counts, std::vector<double>(kTokens, kSlots / kTokens));
  EXPECT_GT(statistic, 1.15);
  EXPECT_LT(statistic, 27.9);
}

TEST(ClusterSamplesTest, KeepEachTokenOfAClusterAlikeAndNoneTwice) {
  constexpr int kTokens = 12;
  constexpr int kSeeds = 4000;
  constexpr int64_t kKept = 5;
  std::vector<double> counts(kTokens);
  Matrix keys = Matrix::Zero(kTokens, 1);
  Matrix values(kTokens, 1);
  for (int token = 0; token < kTokens; ++token) values(token, 0) = 1.0F + token;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    ClusterSamples samples(1, 1, 0, kKept, seed);
    const BlockTokens tokens({kTokens, nullptr, keys.data(), values.data(), true}, 1);
    samples.Take(tokens, samples.Plan(tokens), 100);
    std::vector<int> here(kTokens);
    samples.Visit([&](const KeyValueBlock& block) {
      ASSERT_EQ(block.values.rows(), kKept);
      for (int64_t i = 0; i < kKept; ++i) {
        EXPECT_NEAR(block.log_weights[i], std::log(12.0 / 5.0), 1e-6);
        ++here[static_cast<size_t>(block.values(i, 0)) - 1];
      }
    });
    for (size_t token = 0; token < kTokens; ++token) {
      EXPECT_LE(here[token], 1);
      counts[token] += here[token];
    }
  }
  const std::vector<double> expected(kTokens, kSeeds * 5.0 / 12.0);
  // Drawn without replacement: 11/12 of the statistic over 1 - 5/12 has 11 degrees of freedom.
  const double statistic = ChiSquare(counts, expected) * (11.0 / 12.0) / (7.0 / 12.0);
  EXPECT_GT(statistic, 1.8);
  EXPECT_LT(statistic, 31.3);
}

TEST(RecentRowsTest, AreTheLastOnesOldestFirst) {
  for (int64_t capacity = 0; capacity <= 4; ++capacity) {
    RecentRows recent(capacity, 1);
    for (int64_t pushed = 1; pushed <= 11; ++pushed) {
      const std::vector<float> row = {static_cast<float>(pushed)};
      recent.Push(row);
      ASSERT_EQ(recent.rows(), std::min(pushed, capacity));
      EXPECT_EQ(recent.full(), pushed >= capacity);
      for (int64_t i = 0; i < recent.rows(); ++i) {
        EXPECT_EQ(recent.row(i)[0], static_cast<float>(pushed - recent.rows() + i + 1));
      }
    }
  }
}

// Carries of halves, step by step, against the closed form.
TEST(HalvingLayoutTest, IsABinaryCounterOfHalves) {
  for (const int64_t sinks : {0, 3}) {
    for (const int64_t window : {0, 5}) {
      for (const int64_t block : {2, 4, 6}) {
        const HalvingLayout layout{sinks, window, block};
        std::vector<int64_t> levels(12);
        for (int64_t n = 1; n <= 300; ++n) {
          if (n > sinks + window) ++levels[0];
          for (size_t level = 0; levels[level] == block; ++level) {
            levels[level] = 0;
            levels[level + 1] += block / 2;
          }
          int64_t rows = std::min(n, sinks + window);
          for (size_t level = 0; level < levels.size(); ++level) {
            rows += levels[level];
            ASSERT_EQ(static_cast<int64_t>(level) < layout.Levels(n)
                          ? layout.LevelRows(n, static_cast<int64_t>(level))
                          : 0,
                      levels[level])
                << n;
          }
          ASSERT_EQ(layout.Rows(n), rows) << n;
        }
      }
    }
  }
}

}  // namespace
}  // namespace kvwire
