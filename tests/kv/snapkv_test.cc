// SnapKV against a list of all tokens and all queries.

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

using ::testing::HasSubstr;

struct NaiveSnapKv {
  size_t window;
  size_t cap;
  int64_t kernel;
  bool max;

  std::string Spec() const {
    return "snapkv:window=" + std::to_string(window) + ",cap=" + std::to_string(cap) +
           ",kernel=" + std::to_string(kernel) + ",pooling=" + (max ? "max" : "avg");
  }

  std::vector<double> Pool(const std::vector<double>& scores) const {
    std::vector<double> pooled;
    for (int64_t i = 0; i < static_cast<int64_t>(scores.size()); ++i) {
      double sum = 0;
      double most = 0;
      for (int64_t j = i - kernel / 2; j <= i + kernel / 2; ++j) {
        if (j < 0 || j >= static_cast<int64_t>(scores.size())) continue;
        sum += scores[static_cast<size_t>(j)];
        most = std::max(most, scores[static_cast<size_t>(j)]);
      }
      pooled.push_back(max ? most : sum / static_cast<double>(kernel));
    }
    return pooled;
  }

  Kept operator()(const EvictionStream& stream) const {
    std::vector<int64_t> scale_ends;  // of each token
    Kept left;
    VisitNaiveScales(stream, [&](Kept& held, int64_t first, int64_t end) {
      for (int64_t t = first; t < end; ++t) scale_ends.push_back(end);
      left = held;
      if (held.size() <= cap) return;
      const Kept prefix(held.begin(), held.end() - static_cast<int64_t>(window));
      std::vector<double> scores(prefix.size());
      for (int64_t query = std::max<int64_t>(0, end - static_cast<int64_t>(window));
           query < end; ++query) {
        // The tokens up to the end of the query's scale.
        const int64_t seen = scale_ends[static_cast<size_t>(query)];
        const Kept visible(held.begin(), std::lower_bound(held.begin(), held.end(), seen));
        const std::vector<double> p =
            NaiveProbabilities(stream, query, visible, CountZeros(stream, seen));
        for (size_t i = 0; i < scores.size(); ++i) scores[i] += p[i];
      }
      Kept next = NaiveBest(prefix, Pool(scores), cap - window);
      next.insert(next.end(), held.end() - static_cast<int64_t>(window), held.end());
      held = next;
      left = held;
    });
    return left;
  }
};

TEST(SnapKvTest, KeepsWhatTheListKeepsOnRandomStreams) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    NaiveSnapKv naive{};
    naive.window = 1 + random() % 6;
    naive.cap = naive.window + 1 + random() % 8;
    naive.kernel = static_cast<int64_t>(1 + 2 * (random() % 4));
    naive.max = random() % 2 == 0;
    const EvictionStream stream =
        RandomEvictionStream(random, static_cast<int64_t>(1 + random() % 5));
    ASSERT_NO_FATAL_FAILURE(ExpectFollows(naive.Spec(), stream, naive, random));
  }
}

// The original, on a prompt of one token more than the cap: causal in the window, and all
// of it at once.
TEST(SnapKvTest, TheFirstSelectionIsThatOfAPrompt) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    const int64_t tokens = 13;
    const int64_t window = 4;
    EvictionStream stream{NormalMatrix(tokens, 3, random), NormalMatrix(tokens, 3, random),
                          NormalMatrix(tokens, 3, random), std::vector<int64_t>(13, 1)};
    std::vector<double> sums(static_cast<size_t>(tokens - window));
    for (int64_t i = tokens - window; i < tokens; ++i) {
      Eigen::VectorXd row = (stream.keys.topRows(i + 1).cast<double>() *
                             stream.queries.row(i).transpose().cast<double>())
                                .array()
                                .exp();
      row /= row.sum();
      for (size_t j = 0; j < sums.size(); ++j) sums[j] += row[static_cast<int64_t>(j)];
    }
    const std::vector<double> pooled = NaiveSnapKv{4, 12, 5, false}.Pool(sums);
    Kept expected = NaiveBest(TokensOfStream(tokens - window), pooled, 8);
    for (int64_t t = tokens - window; t < tokens; ++t) expected.push_back(t);

    auto cache = NewCache(SetupOf("snapkv:window=4,cap=12", 3));
    for (int64_t t = 0; t < tokens; ++t) {
      ASSERT_THAT(cache->Append(stream.Block(t, 1, true)), IsOk());
    }
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, expected)) << seed;
  }
}

// All scores are equal, and zeros are pooled in past the ends: the oldest tokens whose
// neighbours are all there stay.
TEST(SnapKvTest, KeepsTheOldestOfEqualScores) {
  std::mt19937_64 random(1);
  EvictionStream stream{
      Matrix::Zero(20, 2), NormalMatrix(20, 2, random), NormalMatrix(20, 2, random), {20}};
  for (const auto& [pooling, kept] : std::vector<std::pair<std::string, Kept>>{
           {"avg", {2, 3, 4, 17, 18, 19}}, {"max", {0, 1, 2, 17, 18, 19}}}) {
    auto cache = NewCache(SetupOf("snapkv:window=3,cap=6,pooling=" + pooling, 2));
    ASSERT_THAT(cache->Append(stream.Block(0, 20, true)), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, kept)) << pooling;
  }
}

TEST(SnapKvTest, StateBitsAreTheFormula) {
  for (const int64_t dims : {1, 3, 64}) {
    for (const int64_t tokens : {1, 5, 9, 40}) {
      for (const int64_t zeros : {0, 2}) {
        std::mt19937_64 random(1);
        const Tokens rows{NormalMatrix(tokens, dims, random),
                          NormalMatrix(tokens, dims, random)};
        auto cache = NewCache(SetupOf("snapkv:window=5,cap=9", dims));
        ASSERT_THAT(cache->Append(rows.Block()), IsOk());
        ASSERT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
        EXPECT_EQ(cache->StateBits(),
                  std::min<int64_t>(tokens, 9) * 64 * dims +
                      std::min<int64_t>(tokens + zeros, 5) * (32 * dims + 2) + 64);
      }
    }
  }
}

TEST(SnapKvTest, RefusesOptionsOutOfRange) {
  const auto refusal = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(ParseBuiltInSpec("snapkv:window=0"), refusal("window=0"));
  EXPECT_THAT(ParseBuiltInSpec("snapkv:cap=32"), refusal("window=32 must be less than cap"));
  EXPECT_THAT(ParseBuiltInSpec("snapkv:kernel=4"), refusal("kernel=4 must be odd"));
  EXPECT_THAT(ParseBuiltInSpec("snapkv:kernel=0"), refusal("kernel=0"));
  EXPECT_THAT(ParseBuiltInSpec("snapkv:pooling=sum"), refusal("avg, max"));
  EXPECT_THAT(ParseBuiltInSpec("snapkv:format=x"), refusal("float32, float16"));
}

// Three tokens, the second of which is zero, and a window of two.
TEST(SnapKvTest, RefusesRecentQueriesThatNoStateHas) {
  const CacheSetup setup = SetupOf("snapkv:window=2,cap=5", 1);
  auto cache = NewCache(setup);
  const float numbers[] = {1, 0, 2};
  const float queries[] = {4, 0, 6};
  ASSERT_THAT(cache->Append({3, queries, numbers, numbers, true}), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_EQ(good.sections.size(), 4);
  ASSERT_EQ(good.sections[2].body, Bytes(0, 4) + Bytes(0x40c00000, 4));
  ASSERT_EQ(good.sections[3].body, Bytes(0b1100, 1));
  const auto data_loss = [](const char* what) {
    return StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what));
  };
  const auto with = [&](size_t section, const std::string& body) {
    Container changed = good;
    changed.sections[section].body = body;
    return Restore(changed.Build(), setup).status();
  };
  EXPECT_THAT(with(2, Bytes(0, 8)), IsOk());
  EXPECT_THAT(with(2, Bytes(0x7f800000, 8)), data_loss("query 0 is not finite"));
  EXPECT_THAT(with(2, Bytes(0x80000000, 8)), data_loss("query 0 is not finite or a negative"));
  EXPECT_THAT(with(2, Bytes(0, 4)), data_loss("for the last 2 of 3 queries"));
  EXPECT_THAT(with(2, std::string(12, '\0')), data_loss("for the last 2 of 3 queries"));
  // Whether they close a scale, and whether they are rows.
  EXPECT_THAT(with(3, Bytes(0b1110, 1)), IsOk());
  EXPECT_THAT(with(3, Bytes(0b0100, 1)), data_loss("recent queries"));
  EXPECT_THAT(with(3, Bytes(0b1000, 1)), data_loss("0 tokens and 2 zero ones"));
  EXPECT_THAT(with(3, Bytes(0b11100, 1)), data_loss("unused bits"));
  EXPECT_THAT(with(3, Bytes(0b1100, 2)), data_loss("for the last 2 of 3 queries"));
}

}  // namespace
}  // namespace kvwire
