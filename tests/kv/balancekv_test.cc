// BalanceKV: what is kept, for how many each row stands, and that balance is worth it.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/kv/algorithms/balanced_halving.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/random_tokens.h"
#include "tests/kv/subgen_oracle.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDims = 4;

// Which rows the walk keeps, with the Gram matrix of all x written out.
std::vector<int64_t> NaiveWalk(const BalancedWalk& walk, const Tokens& tokens,
                               const std::vector<double>& coins) {
  const Eigen::MatrixXd values = tokens.values.cast<double>();
  const Eigen::MatrixXd keys =
      tokens.keys.cast<double>().rowwise() - tokens.keys.cast<double>().colwise().mean();
  const Eigen::MatrixXd scores = walk.scale * keys * keys.transpose();
  const double largest = values.rowwise().squaredNorm().maxCoeff() + 0.025;
  const Eigen::MatrixXd gram = (scores.array() - scores.diagonal().maxCoeff()).exp() *
                               ((values * values.transpose()).array() + 0.025) / largest;
  EXPECT_LE(gram.maxCoeff(), 1 + 1e-12);
  Eigen::VectorXd signs = Eigen::VectorXd::Zero(keys.rows());
  std::vector<int64_t> kept;
  for (size_t pair = 0; pair < coins.size(); ++pair) {
    const auto a = static_cast<int64_t>(2 * pair);
    const double balance = (gram.row(a) - gram.row(a + 1)).dot(signs);
    const bool first = coins[pair] < 0.5 - walk.gamma * balance;
    signs(a) = first ? 1 : -1;
    signs(a + 1) = -signs(a);
    kept.push_back(first ? a : a + 1);
  }
  return kept;
}

TEST(BalancedHalvingTest, IsTheWalkWrittenOut) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const Tokens tokens = GaussianTokens(40, kDims, random);
    std::vector<double> coins(20);
    for (double& coin : coins) coin = (static_cast<double>(random() % 100000) + 0.5) / 1e5;
    for (const BalancedWalk walk :
         {BalancedWalk{1, 0}, BalancedWalk{1, 4}, BalancedWalk{0.3, 50}}) {
      EXPECT_EQ(HalveBalanced(walk, tokens.keys, tokens.values,
                              [&](int64_t pair) { return coins[static_cast<size_t>(pair)]; }),
                NaiveWalk(walk, tokens, coins))
          << seed;
    }
  }
}

TEST(BalancedHalvingTest, OfKeysOfAnyLengthAreFinite) {
  Tokens tokens{Matrix::Zero(8, 1), Matrix::Ones(8, 1)};
  for (int64_t i = 0; i < 8; ++i) {
    tokens.keys(i, 0) = (i % 3 == 0 ? -1 : 1) * 3e38F;
    tokens.values(i, 0) = i % 2 == 0 ? 3e38F : 1e-38F;
  }
  int64_t coins = 0;
  const std::vector<int64_t> kept =
      HalveBalanced({1e6, 4}, tokens.keys, tokens.values, [&](int64_t) {
        ++coins;
        return 0.25;
      });
  EXPECT_EQ(kept.size(), 4U);
  EXPECT_EQ(coins, 4);
}

std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens, int64_t zeros) {
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
  return cache;
}

TEST(BalancekvTest, StateBitsAreThoseOfTheFormula) {
  std::mt19937_64 random(1);
  for (const int64_t dims : {1, 5}) {
    const Tokens tokens = GaussianTokens(700, dims, random);
    for (const int64_t n : {1, 80, 90, 208, 209, 700}) {
      const CacheSetup setup = SetupOf("balancekv", dims);
      auto cache = NewCache(setup);
      ASSERT_THAT(cache->Append(tokens.Block(0, n, true)), IsOk());
      const int64_t passed = std::max<int64_t>(0, n - 80);
      int64_t halves = 0;
      for (int64_t blocks = passed / 128; blocks > 0; blocks /= 2) halves += blocks % 2;
      EXPECT_EQ(cache->StateBits(),
                64 * dims * (std::min<int64_t>(n, 80) + passed % 128 + 64 * halves) +
                    static_cast<int64_t>(std::ceil(std::log2(n + 1))))
          << n;
    }
  }
}

TEST(BalancekvTest, IsExactUntilTheFirstBlockIsFull) {
  std::mt19937_64 random(2);
  const Tokens tokens = GaussianTokens(208, kDims, random);
  const Matrix queries = GaussianMatrix(9, kDims, 1, random);
  const CacheSetup setup = SetupOf("balancekv", kDims);
  const Eigen::MatrixXd all = NaiveAttention(queries, tokens.keys, tokens.values, 6);
  const Tokens fewer{tokens.keys.topRows(207), tokens.values.topRows(207)};
  const Eigen::MatrixXd all_but_one = NaiveAttention(queries, fewer.keys, fewer.values, 6);
  EXPECT_LT(RelativeError(Attended(*Filled(setup, fewer, 6), queries), all_but_one), 2e-6);
  EXPECT_GT(RelativeError(Attended(*Filled(setup, tokens, 6), queries), all), 1e-3);
}

// Every token is a distinct number, so the snapshot tells which are there. At level l each
// of the tokens that have passed is kept with probability 2^-l, so that its expected weight
// is 1 whatever the walk.
TEST(BalancekvTest, EveryTokenWeighsOneOnAverage) {
  constexpr int64_t kTokens = 23;  // 1 sink, 2 recent; 20 passed: 2 blocks of 8, 4 waiting
  constexpr int kSeeds = 3000;
  std::mt19937_64 random(3);
  Tokens tokens = GaussianTokens(kTokens, 1, random);
  for (int64_t i = 0; i < kTokens; ++i) tokens.values(i, 0) = 1.0F + static_cast<float>(i);
  std::vector<double> weights(kTokens);
  CacheSetup setup = SetupOf("balancekv:block=8,gamma=9,sinks=1,window=2", 1);
  for (setup.seed = 0; setup.seed < kSeeds; ++setup.seed) {
    const Container snapshot = ContainerOf(SnapshotOf(*Filled(setup, tokens, 0), setup));
    const Matrix rows = RowsOf(snapshot.sections[1], 2);
    ASSERT_EQ(rows.rows(), 1 + 4 + 4 + 2);  // sink, level 2, level 0, window
    for (int64_t i = 0; i < rows.rows(); ++i) {
      weights[static_cast<size_t>(rows(i, 1)) - 1] += i >= 1 && i < 5 ? 4 : 1;
    }
  }
  for (size_t token = 0; token < kTokens; ++token) {
    const double mean = weights[token] / kSeeds;
    if (token == 0 || token > 16) {
      EXPECT_EQ(mean, 1) << token;
    } else {
      // A deviation of sqrt(3) each: 3.5 standard errors.
      EXPECT_NEAR(mean, 1, 3.5 * std::sqrt(3.0 / kSeeds)) << token;
    }
  }
}

TEST(BalancekvTest, AnswersWhatItsSnapshotSays) {
  std::mt19937_64 random(4);
  const Tokens tokens = GaussianTokens(23, kDims, random);
  const Matrix queries = GaussianMatrix(5, kDims, 1, random);
  const CacheSetup setup = SetupOf("balancekv:block=8,sinks=1,window=2", kDims);
  const auto cache = Filled(setup, tokens, 3);
  const Matrix rows = RowsOf(ContainerOf(SnapshotOf(*cache, setup)).sections[1], 2 * kDims);
  // A token of weight 4 is four tokens.
  Tokens repeated{Matrix(11 + 3 * 4, kDims), Matrix(11 + 3 * 4, kDims)};
  int64_t to = 0;
  for (int64_t i = 0; i < rows.rows(); ++i) {
    for (int64_t copy = 0; copy < (i >= 1 && i < 5 ? 4 : 1); ++copy, ++to) {
      repeated.keys.row(to) = rows.row(i).head(kDims);
      repeated.values.row(to) = rows.row(i).tail(kDims);
    }
  }
  const Eigen::MatrixXd truth = NaiveAttention(queries, repeated.keys, repeated.values, 3);
  EXPECT_LT(RelativeError(Attended(*cache, queries), truth), 2e-6);
}

double MeanError(const std::string& spec, double sharpness) {
  double sum = 0;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const ClusteredTokens drawn(4096, 32, 64, 0.4, 0.3, sharpness, 40, seed);
    CacheSetup setup = SetupOf(spec, 32);
    setup.seed = seed;
    const Eigen::MatrixXd truth =
        NaiveAttention(drawn.queries, drawn.tokens.keys, drawn.tokens.values, 0);
    sum += RelativeError(Attended(*Filled(setup, drawn.tokens, 0), drawn.queries), truth) / 3;
  }
  return sum;
}

// 256 of 4096 tokens, chosen by independent coins or by the walk.
TEST(BalancekvTest, BalanceHalvesTheErrorOfIndependentCoins) {
  const std::string options = "block=512,sinks=0,window=0";
  const double coins = MeanError("balancekv:gamma=0," + options, 4);
  const double walk = MeanError("balancekv:" + options, 4);
  EXPECT_NEAR(coins, 0.40, 0.05);
  EXPECT_NEAR(walk, 0.194, 0.02);
}

TEST(BalancekvTest, AScaleIsVisibleAsItIsUntilTheNextOneBegins) {
  std::mt19937_64 random(7);
  const Tokens tokens = GaussianTokens(100, kDims, random);
  const Matrix queries = GaussianMatrix(5, kDims, 1, random);
  const CacheSetup setup = SetupOf("balancekv:block=8,sinks=1,window=2", kDims);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 60, false)), IsOk());
  ASSERT_THAT(cache->Append(tokens.Block(60, 40, true)), IsOk());
  const Eigen::MatrixXd all = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  EXPECT_LT(RelativeError(Attended(*cache, queries), all), 2e-6);
  const std::string closed = SnapshotOf(*cache, setup);
  ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
  EXPECT_GT(RelativeError(Attended(*cache, queries), all), 1e-3);
  EXPECT_EQ(SnapshotOf(*cache, setup), closed);
}

// What merge and reduce leaves does not depend on when it was told of the tokens.
TEST(BalancekvTest, ScalesOfAnyLengthLeaveTheSameRows) {
  std::mt19937_64 random(8);
  const Tokens tokens = GaussianTokens(150, kDims, random);
  for (const std::string options : {"block=8,sinks=1,window=2", "block=2,sinks=0,window=0"}) {
    const CacheSetup setup = SetupOf("balancekv:" + options, kDims);
    const auto whole = Filled(setup, tokens, 0);
    for (const int64_t scale : {1, 7, 64}) {
      auto cache = NewCache(setup);
      for (int64_t at = 0; at < 150; at += scale) {
        ASSERT_THAT(cache->Append(tokens.Block(at, std::min(scale, 150 - at), true)), IsOk());
      }
      EXPECT_EQ(SnapshotOf(*cache, setup), SnapshotOf(*whole, setup)) << options << scale;
    }
  }
}

TEST(BalancekvTest, OptionsOutOfRangeAreRefused) {
  for (const std::string option : {"block=1", "block=3", "block=4098", "sinks=-1", "window=-1",
                                   "gamma=-1", "gamma=1000001"}) {
    EXPECT_THAT(ParseBuiltInSpec("balancekv:" + option),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(option.substr(0, option.find('=')))));
  }
}

TEST(BalancekvTest, RowsAreCountedBeforeTheyTakeMemory) {
  std::mt19937_64 random(5);
  const Tokens tokens = GaussianTokens(40, kDims, random);
  CacheSetup setup = SetupOf("balancekv:block=4,sinks=2,window=3", kDims);
  // All are visible while their scale is open. The counter of 40 tokens takes 6 bits.
  setup.memory_limit_bytes = 40 * 8 * kDims + 1;
  EXPECT_THAT(NewCache(setup)->Append(tokens.Block()), IsOk());
  --setup.memory_limit_bytes;
  auto cache = NewCache(setup);
  const std::string before = SnapshotOf(*cache, setup);
  EXPECT_THAT(cache->Append(tokens.Block()),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("bytes of memory")));
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
}

}  // namespace
}  // namespace kvwire
