// Scissorhands against a list of all tokens with all their marks.

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

using ::testing::HasSubstr;

struct NaiveScissorhands {
  size_t budget;
  int64_t history;
  size_t recent;
  size_t drop;
  bool percentile;

  std::string Spec() const {
    return "scissorhands:budget=" + std::to_string(budget) +
           ",history=" + std::to_string(history) + ",recent=" + std::to_string(recent) +
           ",drop=" + std::to_string(drop) + ",mark=" + (percentile ? "percentile" : "length");
  }

  // What a query must exceed, from the probabilities of all that it sees.
  double Threshold(std::vector<double> seen, int64_t length) const {
    if (!percentile) return 1 / static_cast<double>(length);
    std::sort(seen.begin(), seen.end());
    return seen[static_cast<size_t>(0.9 * static_cast<double>(seen.size()))];
  }

  Kept operator()(const EvictionStream& stream) const {
    std::map<int64_t, std::vector<int64_t>> marks;  // the queries that marked a token
    Kept left;
    VisitNaiveScales(stream, [&](Kept& held, int64_t first, int64_t end) {
      const int64_t zeros = CountZeros(stream, end);
      for (int64_t query = first; query < end; ++query) {
        const std::vector<double> p = NaiveProbabilities(stream, query, held, zeros);
        double zero = 1;
        if (zeros > 0) {
          for (const double x : p) zero -= x;
          zero /= static_cast<double>(zeros);
        }
        if (stream.queries.row(query).isZero(0) && !p.empty()) zero = p.front();
        std::vector<double> seen = p;
        seen.insert(seen.end(), static_cast<size_t>(zeros), zero);
        const double threshold = Threshold(seen, end);
        for (size_t i = 0; i < held.size(); ++i) {
          if (p[i] > threshold) marks[held[i]].push_back(query);
        }
      }
      while (held.size() > budget) {
        Kept old(held.begin(), held.end() - static_cast<int64_t>(recent));
        std::vector<double> scores;
        for (const int64_t t : old) {
          scores.push_back(static_cast<double>(
              std::count_if(marks[t].begin(), marks[t].end(),
                            [&](int64_t query) { return query >= end - history; })));
        }
        Kept next = NaiveBest(old, scores, old.size() - drop);
        next.insert(next.end(), held.end() - static_cast<int64_t>(recent), held.end());
        held = next;
      }
      left = held;
    });
    return left;
  }
};

TEST(ScissorhandsTest, KeepsWhatTheListKeepsOnRandomStreams) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    NaiveScissorhands naive{};
    naive.recent = random() % 5;
    naive.drop = 1 + random() % 4;
    naive.budget = naive.recent + naive.drop + random() % 6;
    // Around the 32 and the 64 bits of the words that hold it, too.
    naive.history =
        std::vector<int64_t>{1, 2, 7, 31, 32, 33, 63, 64, 65, 100, 130}[random() % 11];
    naive.percentile = random() % 2 == 0;
    const EvictionStream stream =
        RandomEvictionStream(random, static_cast<int64_t>(1 + random() % 5));
    ASSERT_NO_FATAL_FAILURE(ExpectFollows(naive.Spec(), stream, naive, random));
  }
}

// No query of a stream without any prefers a token; then the oldest stay. Once tokens were
// evicted, the few that are left get more than 1/t of a query's attention each and are all
// marked, the oldest most often.
TEST(ScissorhandsTest, KeepsTheFirstAndTheLastTokensOfAStreamWithoutQueries) {
  for (const char* mark : {"length", "percentile"}) {
    for (const std::vector<int64_t>& scales :
         {std::vector<int64_t>{1, 4, 16}, std::vector<int64_t>(21, 1), {21}}) {
      std::mt19937_64 random(1);
      EvictionStream stream{Matrix::Zero(21, 3), NormalMatrix(21, 3, random),
                            NormalMatrix(21, 3, random), scales};
      auto cache =
          NewCache(SetupOf(std::string("scissorhands:budget=9,recent=5,mark=") + mark, 3));
      int64_t first = 0;
      AppendScales(*cache, {stream.keys, stream.values}, first, scales, 7);
      ASSERT_THAT(cache->Append(ZeroScale(64)), IsOk());
      EXPECT_EQ(RowsOf(*cache), RowsOf(stream, {0, 1, 2, 3, 16, 17, 18, 19, 20})) << mark;
    }
  }
}

// The first two queries mark token 0, the others token 2.
TEST(ScissorhandsTest, OnlyTheLastQueriesCount) {
  EvictionStream stream{Matrix(5, 1), Matrix(5, 1), Matrix::Ones(5, 1), {5}};
  stream.queries.col(0) << 9, 9, 9, -9, -9;
  stream.keys.col(0) << 5, 0.1F, -5, 0.2F, 0.3F;
  for (const auto& [history, kept] :
       std::vector<std::pair<std::string, Kept>>{{"5", {0, 4}}, {"2", {2, 4}}}) {
    auto cache = NewCache(SetupOf("scissorhands:budget=2,recent=1,history=" + history, 1));
    ASSERT_THAT(cache->Append(stream.Block(0, 5, true)), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, kept));
  }
}

// Eight of twenty tokens are over 1/t, but only the largest is over the 90th percentile.
TEST(ScissorhandsTest, ThePercentileMarksFewerTokensThanTheLength) {
  EvictionStream stream{Matrix::Zero(20, 1), Matrix(20, 1), Matrix(20, 1), {20}};
  stream.queries(19, 0) = 0.1F;
  for (int64_t t = 0; t < 20; ++t) {
    stream.keys(t, 0) = static_cast<float>(t);
    stream.values(t, 0) = static_cast<float>(20 - t);
  }
  const auto marks_of_the_last_query = [&](const std::string& mark) {
    const CacheSetup setup =
        SetupOf("scissorhands:budget=20,recent=0,history=8,mark=" + mark, 1);
    auto cache = NewCache(setup);
    EXPECT_THAT(cache->Append(stream.Block(0, 20, true)), IsOk());
    const Container container = ContainerOf(SnapshotOf(*cache, setup));
    int64_t marks = 0;
    for (const char note : container.sections[2].body) {
      EXPECT_TRUE(note == 0 || note == 1);
      marks += note;
    }
    return marks;
  };
  EXPECT_EQ(marks_of_the_last_query("length"), 8);
  EXPECT_EQ(marks_of_the_last_query("percentile"), 1);
}

TEST(ScissorhandsTest, StateBitsAreTheFormula) {
  for (const int64_t dims : {1, 3, 64}) {
    for (const int64_t tokens : {1, 5, 9, 40}) {
      for (const int64_t history : {1, 64, 100}) {
        std::mt19937_64 random(1);
        const Tokens rows{NormalMatrix(tokens, dims, random),
                          NormalMatrix(tokens, dims, random)};
        auto cache = NewCache(SetupOf(
            "scissorhands:budget=9,recent=5,history=" + std::to_string(history), dims));
        ASSERT_THAT(cache->Append(rows.Block()), IsOk());
        EXPECT_EQ(cache->StateBits(),
                  std::min<int64_t>(tokens, 9) * (64 * dims + history) + 64);
      }
    }
  }
}

TEST(ScissorhandsTest, DropsManyAtOnce) {
  std::mt19937_64 random(1);
  const Tokens rows{NormalMatrix(30, 2, random), NormalMatrix(30, 2, random)};
  const CacheSetup setup = SetupOf("scissorhands:budget=9,recent=2,drop=4,history=8", 2);
  auto cache = NewCache(setup);
  std::vector<int64_t> kept;
  for (int64_t t = 0; t < 30; ++t) {
    ASSERT_THAT(cache->Append(rows.Block(t, 1, true)), IsOk());
    kept.push_back((cache->StateBits() - 64) / (64 * 2 + 8));
  }
  EXPECT_EQ(std::vector<int64_t>(kept.begin() + 8, kept.begin() + 15),
            (std::vector<int64_t>{9, 6, 7, 8, 9, 6, 7}));
}

TEST(ScissorhandsTest, RefusesOptionsOutOfRange) {
  const auto refusal = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:budget=0"), refusal("budget=0"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:history=0"), refusal("history=0"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:history=65537"), refusal("history=65537"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:drop=0"), refusal("drop=0"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:budget=10"),
              refusal("recent=10 and drop=1 are more than budget=10"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:mark=mean"), refusal("length, percentile"));
  EXPECT_THAT(ParseBuiltInSpec("scissorhands:format=half"), refusal("float32, float16"));
}

TEST(ScissorhandsTest, RefusesMarksByQueriesThatNeverWere) {
  const CacheSetup setup = SetupOf("scissorhands:history=12", 1);
  auto cache = NewCache(setup);
  const float one = 1;
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(cache->Append({1, nullptr, &one, &one, true}), IsOk());
  }
  Container changed = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_EQ(changed.sections[2].body.size(), 5);
  changed.sections[2].body = Bytes(7 | 7ULL << 12 | 7ULL << 24, 5);
  EXPECT_THAT(Restore(changed.Build(), setup), IsOk());
  changed.sections[2].body = Bytes(7 | 8ULL << 12, 5);
  EXPECT_THAT(Restore(changed.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 1 was marked")));
}

}  // namespace
}  // namespace kvwire
