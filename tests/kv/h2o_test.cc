// H2O against a list of all tokens, whose scores are summed up anew at each close.

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/eviction_streams.h"
#include "tests/kv/naive_eviction.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct NaiveH2o {
  size_t heavy;
  size_t recent;
  std::string score;
  double factor = 0.1;

  std::string Spec() const {
    std::string spec = "h2o:heavy=" + std::to_string(heavy) +
                       ",recent=" + std::to_string(recent) + ",score=" + score;
    if (factor != 0.1) spec += ",factor=0.5";
    return spec;
  }

  Kept operator()(const EvictionStream& stream) const {
    std::map<int64_t, double> sums;
    std::map<int64_t, double> counts;
    Kept left;
    VisitNaiveScales(stream, [&](Kept& held, int64_t first, int64_t end) {
      for (int64_t query = first; query < end; ++query) {
        const std::vector<double> p =
            NaiveProbabilities(stream, query, held, CountZeros(stream, end));
        for (size_t i = 0; i < held.size(); ++i) {
          double& sum = sums[held[i]];
          sum = (score == "decay" ? factor * sum : sum) + p[i];
          counts[held[i]] += 1;
        }
      }
      if (held.size() > heavy + recent) {
        const Kept old(held.begin(), held.end() - static_cast<int64_t>(recent));
        const Kept last(held.end() - static_cast<int64_t>(recent), held.end());
        std::vector<double> scores;
        for (const int64_t t : old) {
          scores.push_back(score == "mean" ? sums[t] / counts[t] : sums[t]);
        }
        held = NaiveBest(old, scores, heavy);
        held.insert(held.end(), last.begin(), last.end());
      }
      left = held;
    });
    return left;
  }
};

TEST(H2oTest, KeepsWhatTheListKeepsOnRandomStreams) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    NaiveH2o naive{random() % 8, random() % 8, "sum"};
    if (naive.heavy + naive.recent == 0) naive.heavy = 1;
    naive.score = std::vector<std::string>{"sum", "mean", "decay"}[random() % 3];
    if (naive.score == "decay" && random() % 2 == 0) naive.factor = 0.5;
    const EvictionStream stream =
        RandomEvictionStream(random, static_cast<int64_t>(1 + random() % 5));
    ASSERT_NO_FATAL_FAILURE(ExpectFollows(naive.Spec(), stream, naive, random));
  }
}

// Queries of zero look at all tokens alike, so that the oldest tokens have been looked at
// most: the first tokens stay, and the last ones.
TEST(H2oTest, KeepsTheFirstAndTheLastTokensOfAStreamWithoutQueries) {
  for (const char* score : {"sum", "mean", "decay"}) {
    for (const std::vector<int64_t>& scales :
         {std::vector<int64_t>{1, 4, 16}, std::vector<int64_t>(21, 1), {21}}) {
      std::mt19937_64 random(1);
      EvictionStream stream{Matrix::Zero(21, 3), NormalMatrix(21, 3, random),
                            NormalMatrix(21, 3, random), scales};
      const CacheSetup setup = SetupOf(std::string("h2o:heavy=4,recent=5,score=") + score, 3);
      auto cache = NewCache(setup);
      int64_t first = 0;
      AppendScales(*cache, {stream.keys, stream.values}, first, scales, 7);
      ASSERT_THAT(cache->Append(ZeroScale(64)), IsOk());
      EXPECT_EQ(RowsOf(*cache), RowsOf(stream, {0, 1, 2, 3, 16, 17, 18, 19, 20})) << score;
    }
  }
}

// Tokens 1, 2 and 4 are as good as each other, 3 is better, 0 is worse.
TEST(H2oTest, KeepsTheOldestOfEqualScores) {
  EvictionStream stream{Matrix::Ones(5, 1), Matrix::Ones(5, 1), Matrix(5, 1), {5}};
  stream.keys.col(0) << 0.5F, 1, 1, 2, 1;
  stream.values.col(0) << 1, 2, 3, 4, 5;
  for (const auto& [heavy, kept] : std::vector<std::pair<int, Kept>>{
           {1, {3}}, {2, {1, 3}}, {3, {1, 2, 3}}, {4, {1, 2, 3, 4}}}) {
    auto cache = NewCache(SetupOf("h2o:recent=0,heavy=" + std::to_string(heavy), 1));
    ASSERT_THAT(cache->Append(stream.Block(0, 5, true)), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, kept));
  }
}

// Token 1 gets all attention first, token 2 later: without the scores of the first part
// another token would stay.
TEST(H2oTest, ScoresArePartOfTheState) {
  EvictionStream stream{Matrix(6, 1), Matrix(6, 1), Matrix::Ones(6, 1), {3, 1, 1, 1}};
  stream.queries.col(0) << 9, 9, 9, -2, -2, -2;
  stream.keys.col(0) << 0, 3, -3, 0, 0, 0;
  const CacheSetup setup = SetupOf("h2o:heavy=1,recent=3", 1);
  auto cache = NewCache(setup);
  int64_t first = 0;
  for (const int64_t scale : stream.scales) {
    ASSERT_THAT(cache->Append(stream.Block(first, scale, true)), IsOk());
    cache = Restore(SnapshotOf(*cache, setup), setup).value();
    first += scale;
  }
  EXPECT_EQ(RowsOf(*cache), RowsOf(stream, {1, 3, 4, 5}));
}

// Scores decide what every machine evicts: they must be the same on all of them.
TEST(H2oTest, ScoresKeepTheirBits) {
  std::mt19937_64 random(1);
  const EvictionStream stream{RandomMatrix(60, 5, random),
                              RandomMatrix(60, 5, random),
                              RandomMatrix(60, 5, random),
                              {1, 4, 16, 1, 1, 1, 36}};
  for (const auto& [score, crc] : std::vector<std::pair<std::string, uint32_t>>{
           {"sum", 132324478}, {"mean", 2988322538}, {"decay", 2053425647}}) {
    const CacheSetup setup = SetupOf("h2o:heavy=20,recent=9,scale=rsqrt,score=" + score, 5);
    auto cache = NewCache(setup);
    int64_t first = 0;
    for (const int64_t scale : stream.scales) {
      ASSERT_THAT(cache->Append(stream.Block(first, scale, true)), IsOk());
      first += scale;
    }
    const Container container = ContainerOf(SnapshotOf(*cache, setup));
    EXPECT_EQ(NaiveCrc32c(container.sections[2].body), crc) << score;
  }
}

TEST(H2oTest, TheScaleOfScoresTurnsWhatIsKept) {
  // Two queries, of which the sharper one decides alone once scores are large.
  EvictionStream stream{Matrix(4, 1), Matrix(4, 1), Matrix::Ones(4, 1), {4}};
  stream.queries.col(0) << 1, 1, 1, -4;
  stream.keys.col(0) << 2, 1.9F, -0.5F, 0;
  const auto kept = [&](const std::string& scale) {
    auto cache = NewCache(SetupOf("h2o:heavy=1,recent=0,scale=" + scale, 1));
    EXPECT_THAT(cache->Append(stream.Block(0, 4, true)), IsOk());
    EXPECT_THAT(cache->Append(ZeroScale(0)), IsOk());
    return RowsOf(*cache);
  };
  EXPECT_EQ(kept("100"), RowsOf(stream, {0}));
  EXPECT_EQ(kept("0.1"), RowsOf(stream, {2}));
}

TEST(H2oTest, StateBitsAreTheFormula) {
  for (const int64_t dims : {1, 3, 64}) {
    for (const int64_t tokens : {1, 5, 9, 40}) {
      std::mt19937_64 random(1);
      const Tokens rows{NormalMatrix(tokens, dims, random),
                        NormalMatrix(tokens, dims, random)};
      for (const bool half : {false, true}) {
        for (const bool mean : {false, true}) {
          const int64_t kept = std::min<int64_t>(tokens, 9);
          auto cache = NewCache(SetupOf(std::string("h2o:heavy=4,recent=5,score=") +
                                            (mean ? "mean" : "sum") +
                                            ",format=" + (half ? "float16" : "float32"),
                                        dims));
          ASSERT_THAT(cache->Append(rows.Block()), IsOk());
          EXPECT_EQ(cache->StateBits(),
                    kept * (2 * dims * (half ? 16 : 32) + (mean ? 96 : 32)) + 64);
        }
      }
    }
  }
}

TEST(H2oTest, RefusesOptionsOutOfRange) {
  const auto refusal = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(ParseBuiltInSpec("h2o:heavy=0,recent=0"), refusal("would keep nothing"));
  EXPECT_THAT(ParseBuiltInSpec("h2o:heavy=-1"), refusal("heavy=-1"));
  EXPECT_THAT(ParseBuiltInSpec("h2o:recent=4294967297"), refusal("recent=4294967297"));
  EXPECT_THAT(ParseBuiltInSpec("h2o:score=last"), refusal("sum, mean, decay"));
  EXPECT_THAT(ParseBuiltInSpec("h2o:factor=2"), refusal("factor=2"));
  EXPECT_THAT(ParseBuiltInSpec("h2o:format=float64"), refusal("float32, float16"));
  CacheSetup setup = SetupOf("h2o", 2);
  setup.attention = AttentionKind::kTensor;
  EXPECT_THAT(CreateCache(setup), refusal("has no tensor attention"));
}

TEST(H2oTest, RefusesNotesThatNoStateHas) {
  const CacheSetup setup = SetupOf("h2o:score=mean", 1);
  auto cache = NewCache(setup);
  const float one = 1;
  ASSERT_THAT(cache->Append({1, nullptr, &one, &one, true}), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(Restore(good.Build(), setup), IsOk());
  ASSERT_EQ(good.sections.size(), 3);
  const auto restore = [&](uint64_t score, uint64_t count) {
    Container changed = good;
    changed.sections[2].body = Bytes(score, 4) + Bytes(count, 8);
    return Restore(changed.Build(), setup).status();
  };
  EXPECT_THAT(restore(0x3f800000, 1), IsOk());
  for (const uint64_t score : {0x7f800000U, 0x7fc00000U, 0x80000000U, 0xbf800000U}) {
    EXPECT_THAT(restore(score, 1), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("score")));
  }
  for (const uint64_t count : {uint64_t{0}, uint64_t{2}, uint64_t{1} << 63}) {
    EXPECT_THAT(restore(0x3f800000, count),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was seen by")));
  }
}

}  // namespace
}  // namespace kvwire
