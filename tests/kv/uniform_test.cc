// The uniform sample against a reservoir that takes one token after the other.

#include <string>
#include <vector>

#include "common/base/counter_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/eviction_streams.h"
#include "tests/kv/naive_eviction.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// The stream of draws is part of the format.
constexpr uint64_t kReservoirStream = 0x696f767265736572;

Kept NaiveReservoir(const EvictionStream& stream, uint64_t seed, size_t budget) {
  const CounterRng rng(seed, kReservoirStream);
  Kept sample;
  uint64_t rows = 0;
  for (int64_t t = 0; t < stream.tokens(); ++t) {
    if (!stream.IsRow(t)) continue;
    const uint64_t place = rng.Bits(rows) % (rows + 1);
    ++rows;
    if (sample.size() == budget) {
      if (place >= budget) continue;
      sample.erase(sample.begin() + static_cast<int64_t>(place));
    }
    sample.push_back(t);
  }
  return sample;
}

TEST(UniformTest, KeepsTheReservoirOnRandomStreams) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const EvictionStream stream = RandomEvictionStream(random, 2);
    const size_t budget = 1 + random() % 12;
    ASSERT_NO_FATAL_FAILURE(ExpectFollows(
        "uniform:budget=" + std::to_string(budget), stream,
        [&](const EvictionStream& so_far) { return NaiveReservoir(so_far, 0, budget); },
        random));
  }
}

// Scales do not change the sample, and seeds do.
TEST(UniformTest, TheSampleFollowsFromTheSeedAlone) {
  std::mt19937_64 random(1);
  const Tokens tokens{NormalMatrix(60, 2, random), NormalMatrix(60, 2, random)};
  CacheSetup setup = SetupOf("uniform:budget=7", 2);
  const auto sample = [&](uint64_t seed, const std::vector<int64_t>& scales) {
    setup.seed = seed;
    auto cache = NewCache(setup);
    int64_t first = 0;
    AppendScales(*cache, tokens, first, scales, 9);
    return SnapshotOf(*cache, setup);
  };
  EXPECT_EQ(sample(1, {60}), sample(1, std::vector<int64_t>(60, 1)));
  EXPECT_EQ(sample(1, {60}), sample(1, {3, 7, 1, 49}));
  EXPECT_NE(sample(1, {60}), sample(2, {60}));
}

// 8 of 40 tokens in 4000 samples: each is in a fifth of them, and each pair of neighbours
// in 8 * 7 / (40 * 39) of them. Six standard deviations of a binomial count.
TEST(UniformTest, EveryTokenAndEveryPairIsAsLikely) {
  Tokens tokens{Matrix(40, 1), Matrix::Ones(40, 1)};
  for (int64_t t = 0; t < 40; ++t) tokens.keys(t, 0) = static_cast<float>(t);
  std::vector<int> counts(40);
  std::vector<int> pairs(39);
  CacheSetup setup = SetupOf("uniform:budget=8", 1);
  const int samples = 4000;
  for (int i = 0; i < samples; ++i) {
    setup.seed = static_cast<uint64_t>(i);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    const std::vector<std::vector<float>> rows = RowsOf(*cache);
    ASSERT_EQ(rows.size(), 8);
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto token = static_cast<size_t>(rows[r][0]);
      ++counts[token];
      if (r > 0 && rows[r - 1][0] + 1 == rows[r][0]) ++pairs[token - 1];
    }
  }
  const auto expect_near = [&](int count, double chance) {
    EXPECT_NEAR(count, samples * chance, 6 * std::sqrt(samples * chance * (1 - chance)));
  };
  for (const int count : counts) expect_near(count, 8.0 / 40);
  for (const int count : pairs) expect_near(count, 8.0 * 7 / (40 * 39));
}

TEST(UniformTest, StateBitsAreTheFormula) {
  for (const AttentionKind attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
    for (const int64_t dims : {1, 3, 64}) {
      for (const int64_t tokens : {1, 5, 9, 40}) {
        std::mt19937_64 random(1);
        CacheSetup setup = SetupOf("uniform:budget=9", dims);
        setup.attention = attention;
        const int64_t width = setup.row_width();
        const Tokens rows{NormalMatrix(tokens, width, random),
                          NormalMatrix(tokens, width, random)};
        auto cache = NewCache(setup);
        ASSERT_THAT(cache->Append(rows.Block()), IsOk());
        EXPECT_EQ(cache->StateBits(), std::min<int64_t>(tokens, 9) * 64 * width + 64);
      }
    }
  }
}

TEST(UniformTest, RefusesOptionsOutOfRange) {
  const auto refusal = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(ParseBuiltInSpec("uniform:budget=0"), refusal("budget=0"));
  EXPECT_THAT(ParseBuiltInSpec("uniform:format=x"), refusal("float32, float16"));
}

}  // namespace
}  // namespace kvwire
