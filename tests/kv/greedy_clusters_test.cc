// Clusters of keys against a clustering written down naively.

#include "common/kv/algorithms/greedy_clusters.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/random_tokens.h"

namespace kvwire {
namespace {

// The cluster of each key, one after the other.
std::vector<int64_t> NaiveClusters(const Matrix& keys, double delta, int64_t cap) {
  std::vector<int64_t> centres;
  std::vector<int64_t> cluster_of;
  for (int64_t key = 0; key < keys.rows(); ++key) {
    int64_t nearest = -1;
    double least = 0;
    for (size_t i = 0; i < centres.size(); ++i) {
      double squared = 0;
      for (int64_t j = 0; j < keys.cols(); ++j) {
        const double difference = double{keys(key, j)} - keys(centres[i], j);
        squared += difference * difference;
      }
      if (nearest >= 0 && squared >= least) continue;
      nearest = static_cast<int64_t>(i);
      least = squared;
    }
    if (nearest < 0 || (std::sqrt(least) > delta &&
                        (cap == 0 || static_cast<int64_t>(centres.size()) < cap))) {
      nearest = static_cast<int64_t>(centres.size());
      centres.push_back(key);
    }
    cluster_of.push_back(nearest);
  }
  return cluster_of;
}

// Values of 1 keep keys of 0 from being zero tokens.
TokenBlock BlockOf(const Matrix& keys, const Matrix& ones, int64_t first, int64_t rows) {
  return {rows, nullptr, keys.row(first).data(), ones.row(first).data(), true};
}

// Adds the keys in blocks, and returns where they went.
std::vector<int64_t> AddAll(GreedyClusters& clusters, const Matrix& keys, int64_t block) {
  const Matrix ones = Matrix::Ones(keys.rows(), keys.cols());
  std::vector<int64_t> cluster_of;
  for (int64_t first = 0; first < keys.rows(); first += block) {
    const int64_t rows = std::min(block, keys.rows() - first);
    const BlockTokens tokens(BlockOf(keys, ones, first, rows), keys.cols());
    const GreedyClusters::Plan plan = clusters.PlanKeys(tokens);
    for (int64_t i = 0; i < rows; ++i) {
      cluster_of.push_back(plan.cluster_of[static_cast<size_t>(i)]);
      clusters.Add(cluster_of.back(), tokens.key(i));
    }
    EXPECT_EQ(clusters.size(), plan.clusters);
  }
  return cluster_of;
}

TEST(GreedyClustersTest, AreTheNaiveOnesForEverySequenceOnALine) {
  const std::vector<double> deltas = {0, 0.5, 1, 1.5, 2};
  for (int sequence = 0; sequence < 4 * 4 * 4 * 4 * 4; ++sequence) {
    Matrix keys(5, 1);
    int rest = sequence;
    for (float& key : keys.reshaped()) {
      key = static_cast<float>(rest % 4);
      rest /= 4;
    }
    for (const double delta : deltas) {
      for (int64_t cap = 0; cap <= 3; ++cap) {
        GreedyClusters clusters(1, delta, cap);
        ASSERT_EQ(AddAll(clusters, keys, 2), NaiveClusters(keys, delta, cap))
            << keys.transpose() << " delta " << delta << " cap " << cap;
      }
    }
  }
}

TEST(GreedyClustersTest, AreTheNaiveOnesForRandomKeysInBlocksOfAnyLength) {
  std::mt19937_64 random(4);
  const Matrix keys = GaussianMatrix(300, 7, 1, random);
  for (const double delta : {0.1, 1.0, 2.0, 3.0, 9.0}) {
    for (const int64_t block : {1, 17, 300}) {
      GreedyClusters clusters(7, delta, 0);
      ASSERT_EQ(AddAll(clusters, keys, block), NaiveClusters(keys, delta, 0));
      int64_t total = 0;
      for (int64_t i = 0; i < clusters.size(); ++i) total += clusters.count(i);
      EXPECT_EQ(total, 300);
      EXPECT_EQ(clusters.keys(), 300);
    }
  }
}

TEST(GreedyClustersTest, OfClusterableKeysAreNoMoreThanTheirClusters) {
  // 12 balls of diameter 0.5 whose centres are far apart.
  const ClusteredTokens drawn(400, 16, 12, 0.12, 0, 1, 0, 8);
  GreedyClusters clusters(16, 0.5, 0);
  AddAll(clusters, drawn.tokens.keys, 400);
  EXPECT_EQ(clusters.size(), 12);
  EXPECT_EQ(clusters.MostClusters(7), 7);
}

TEST(GreedyClustersTest, ACapBoundsThemWhateverTheKeys) {
  std::mt19937_64 random(5);
  const Matrix keys = GaussianMatrix(100, 3, 1, random);
  GreedyClusters clusters(3, 0, 5);
  AddAll(clusters, keys, 9);
  EXPECT_EQ(clusters.size(), 5);
  EXPECT_EQ(clusters.MostClusters(1000), 5);
}

TEST(GreedyClustersTest, CanBeOfOneFactorOfTheKeys) {
  std::mt19937_64 random(6);
  const Matrix keys = GaussianMatrix(60, 8, 1, random);
  const BlockTokens tokens({60, nullptr, keys.data(), nullptr, true}, 8);
  for (const int64_t first : {0, 4}) {
    const GreedyClusters clusters(4, 1.5, 0);
    EXPECT_EQ(clusters.PlanKeys(tokens, first).cluster_of,
              NaiveClusters(keys.middleCols(first, 4), 1.5, 0));
  }
}

}  // namespace
}  // namespace kvwire
