// ScaleKV against a list of all tokens.

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/eviction_streams.h"
#include "tests/kv/naive_eviction.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr double kNever = -std::numeric_limits<double>::infinity();

// The middle of each of 4 x 4 patches of floor(side / 4), counted off on the map; the last
// 16 tokens where there is no such map.
Kept NaiveWindow(int64_t first, int64_t end) {
  const int64_t tokens = end - first;
  int64_t side = 0;
  while (side * side < tokens) ++side;
  Kept window;
  if (side * side != tokens || side < 4) {
    for (int64_t t = std::max(first, end - 16); t < end; ++t) window.push_back(t);
    return window;
  }
  const int64_t patch = side / 4;
  for (int64_t t = first; t < end; ++t) {
    const int64_t row = (t - first) / side;
    const int64_t column = (t - first) % side;
    if (row / patch < 4 && column / patch < 4 && row % patch == (patch - 1) / 2 &&
        column % patch == (patch - 1) / 2) {
      window.push_back(t);
    }
  }
  return window;
}

Kept NaiveScaleKv(const EvictionStream& stream, size_t budget) {
  Kept left;
  VisitNaiveScales(stream, [&](Kept& held, int64_t first, int64_t end) {
    left = held;
    if (held.size() <= budget) return;
    const Kept window = NaiveWindow(first, end);
    const auto in_window = [&](int64_t t) {
      return std::find(window.begin(), window.end(), t) != window.end();
    };
    std::vector<double> scores;
    for (const int64_t t : held) {
      double score = 0;
      for (const int64_t query : window) {
        score +=
            stream.queries.row(query).cast<double>().dot(stream.keys.row(t).cast<double>());
      }
      scores.push_back(in_window(t) ? kNever : score);
    }
    Kept others;
    std::vector<double> pooled;
    Kept next;
    for (int64_t i = 0; i < static_cast<int64_t>(held.size()); ++i) {
      const int64_t t = held[static_cast<size_t>(i)];
      if (in_window(t)) {
        next.push_back(t);
        continue;
      }
      others.push_back(t);
      pooled.push_back(kNever);
      for (int64_t j = i - 2; j <= i + 2; ++j) {
        if (j < 0 || j >= static_cast<int64_t>(held.size())) continue;
        pooled.back() = std::max(pooled.back(), scores[static_cast<size_t>(j)]);
      }
    }
    const Kept best = NaiveBest(others, pooled, budget - next.size());
    next.insert(next.end(), best.begin(), best.end());
    std::sort(next.begin(), next.end());
    held = next;
    left = held;
  });
  return left;
}

// Squares, from 1 to 10 a side, and other sizes.
EvictionStream RandomMaps(std::mt19937_64& random) {
  EvictionStream stream = RandomEvictionStream(random, 3);
  stream.scales.clear();
  int64_t left = stream.tokens();
  while (left > 0) {
    const auto side = static_cast<int64_t>(1 + random() % 10);
    const int64_t size = random() % 4 == 0 ? side : side * side;
    stream.scales.push_back(std::min(left, size));
    left -= stream.scales.back();
  }
  return stream;
}

TEST(ScaleKvTest, KeepsWhatTheListKeepsOnRandomStreams) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const EvictionStream stream =
        seed % 2 == 0 ? RandomMaps(random) : RandomEvictionStream(random, 4);
    const size_t budget = 16 + random() % 12;
    ASSERT_NO_FATAL_FAILURE(ExpectFollows(
        "scalekv:budget=" + std::to_string(budget), stream,
        [&](const EvictionStream& so_far) { return NaiveScaleKv(so_far, budget); }, random));
  }
}

// With only the window's place left, the window is what stays.
TEST(ScaleKvTest, ObservesTheMiddlesOfAGridOfPatches) {
  std::mt19937_64 random(1);
  for (const auto& [tokens, kept] : std::vector<std::pair<int64_t, Kept>>{
           {16, TokensOfStream(16)},
           // A patch is one token: the top left corner of 5 x 5.
           {25, {0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18}},
           // Patches of 2 x 2: their top left tokens.
           {64, {0, 2, 4, 6, 16, 18, 20, 22, 32, 34, 36, 38, 48, 50, 52, 54}},
           // Patches of 3 x 3: their middles.
           {144, {13, 16, 19, 22, 49, 52, 55, 58, 85, 88, 91, 94, 121, 124, 127, 130}},
           // No squares.
           {24, {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}}}) {
    EvictionStream stream{NormalMatrix(tokens, 2, random),
                          NormalMatrix(tokens, 2, random),
                          NormalMatrix(tokens, 2, random),
                          {tokens}};
    auto cache = NewCache(SetupOf("scalekv:budget=16", 2));
    ASSERT_THAT(cache->Append(stream.Block(0, tokens, true)), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, kept)) << tokens;
  }
}

// Without queries all scores are zero: the oldest tokens stay, and the window.
TEST(ScaleKvTest, KeepsTheOldestOfEqualScores) {
  std::mt19937_64 random(1);
  EvictionStream stream{Matrix::Zero(69, 2),
                        NormalMatrix(69, 2, random),
                        NormalMatrix(69, 2, random),
                        {1, 4, 64}};
  auto cache = NewCache(SetupOf("scalekv:budget=20", 2));
  int64_t first = 0;
  AppendScales(*cache, {stream.keys, stream.values}, first, stream.scales, 9);
  ASSERT_THAT(cache->Append(ZeroScale(64)), IsOk());
  EXPECT_EQ(RowsOf(*cache), RowsOf(stream, {0,  1,  2,  3,  5,  7,  9,  11, 21, 23,
                                            25, 27, 37, 39, 41, 43, 53, 55, 57, 59}));
}

TEST(ScaleKvTest, StateBitsAreTheFormula) {
  for (const int64_t dims : {1, 3, 64}) {
    for (const int64_t tokens : {1, 5, 25, 40}) {
      std::mt19937_64 random(1);
      const Tokens rows{NormalMatrix(tokens, dims, random),
                        NormalMatrix(tokens, dims, random)};
      auto cache = NewCache(SetupOf("scalekv:budget=18", dims));
      ASSERT_THAT(cache->Append(rows.Block()), IsOk());
      EXPECT_EQ(cache->StateBits(), std::min<int64_t>(tokens, 18) * 64 * dims + 64);
    }
  }
}

TEST(ScaleKvTest, RefusesOptionsOutOfRange) {
  const auto refusal = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(ParseBuiltInSpec("scalekv:budget=15"), refusal("budget=15"));
  EXPECT_THAT(ParseBuiltInSpec("scalekv:format=x"), refusal("float32, float16"));
}

}  // namespace
}  // namespace kvwire
