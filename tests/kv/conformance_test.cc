// What every built-in algorithm promises through KvCache, whatever it stores.

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/cache_contract.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

class ConformanceTest : public CacheContractTest {};

INSTANTIATE_TEST_SUITE_P(Algorithms, ConformanceTest, ::testing::ValuesIn(ContractCases()),
                         [](const auto& test) { return test.param.Name(); });

TEST_P(ConformanceTest, RestoreAnswersTheQueryScaleBitForBit) {
  auto original = Pyramid();
  auto restored = Restore(SnapshotOf(*original, setup_), setup_).value();
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(original->Append(ZeroScale(64)), IsOk());
    ASSERT_THAT(restored->Append(ZeroScale(64)), IsOk());
    EXPECT_EQ(Attended(*original, queries_), Attended(*restored, queries_));
  }
}

TEST_P(ConformanceTest, RestoreAnswersAtOnceAsTheOriginalOnceItsScaleIsClosed) {
  auto original = Pyramid();
  ASSERT_THAT(original->Append(ZeroScale(2)), IsOk());
  const auto restored = Restore(SnapshotOf(*original, setup_), setup_).value();
  ASSERT_THAT(original->Append(ZeroScale(0)), IsOk());
  EXPECT_EQ(Attended(*original, queries_), Attended(*restored, queries_));
}

TEST_P(ConformanceTest, RestoreAnswersBitForBitOverManyStorageBlocks) {
  setup_ = SetupWithFrame(GetParam(), kDims, 4000);
  tokens_ = FrameTokens(setup_, 2);
  auto original = NewCache(setup_);
  int64_t first = 0;
  AppendScales(*original, tokens_, first, {1, 1500, 700, 999}, 333);
  auto restored = Restore(SnapshotOf(*original, setup_), setup_).value();
  AppendScales(*original, tokens_, first, {800}, 500);
  first -= 800;
  AppendScales(*restored, tokens_, first, {800}, 77);
  const Matrix one_query = queries_.topRows(1);
  EXPECT_EQ(Attended(*original, one_query), Attended(*restored, one_query));
}

TEST_P(ConformanceTest, RestoreThenContinueEqualsNeverHavingStopped) {
  for (size_t stop = 0; stop <= 6; ++stop) {
    const std::vector<int64_t> scales = {1, 4, 2, 1, 6, 7};
    auto straight = NewCache(setup_);
    auto stopped = NewCache(setup_);
    int64_t first = 0;
    int64_t stopped_first = 0;
    for (size_t i = 0; i < scales.size(); ++i) {
      if (i == stop) stopped = Restore(SnapshotOf(*stopped, setup_), setup_).value();
      AppendScales(*straight, tokens_, first, {scales[i]}, 3);
      AppendScales(*stopped, tokens_, stopped_first, {scales[i]}, 3);
      ASSERT_THAT(straight->Append(ZeroScale(static_cast<int64_t>(i))), IsOk());
      ASSERT_THAT(stopped->Append(ZeroScale(static_cast<int64_t>(i))), IsOk());
    }
    if (stop == scales.size()) stopped = Restore(SnapshotOf(*stopped, setup_), setup_).value();
    EXPECT_EQ(SnapshotOf(*straight, setup_), SnapshotOf(*stopped, setup_)) << stop;
    EXPECT_EQ(straight->tokens(), stopped->tokens());
    EXPECT_EQ(straight->StateBits(), stopped->StateBits());
  }
}

TEST_P(ConformanceTest, SnapshotDoesNotDependOnTheSplitIntoBlocks) {
  const std::string whole = SnapshotOf(*Pyramid(), setup_);
  for (int64_t rows = 1; rows <= 16; ++rows) {
    EXPECT_EQ(SnapshotOf(*Pyramid(rows), setup_), whole) << rows;
  }
}

TEST_P(ConformanceTest, WritingASnapshotChangesNothing) {
  auto cache = Pyramid();
  const Matrix before = Attended(*cache, queries_);
  const std::string snapshot = SnapshotOf(*cache, setup_);
  EXPECT_EQ(SnapshotOf(*cache, setup_), snapshot);
  EXPECT_EQ(Attended(*cache, queries_), before);
  EXPECT_EQ(SnapshotOf(*cache, setup_), snapshot);
}

TEST_P(ConformanceTest, SnapshotOfAnOpenScaleIsThatOfTheClosedOne) {
  auto open = NewCache(setup_);
  ASSERT_THAT(open->Append(tokens_.Block(0, 2, true)), IsOk());
  ASSERT_THAT(open->Append(tokens_.Block(2, 15, false)), IsOk());
  auto closed = NewCache(setup_);
  ASSERT_THAT(closed->Append(tokens_.Block(0, 2, true)), IsOk());
  ASSERT_THAT(closed->Append(tokens_.Block(2, 15, true)), IsOk());
  EXPECT_EQ(SnapshotOf(*open, setup_), SnapshotOf(*closed, setup_));
  EXPECT_EQ(open->StateBits(), closed->StateBits());
}

TEST_P(ConformanceTest, SnapshotBytesIsTheLengthWrittenAndTheClaimIsHonest) {
  auto cache = NewCache(setup_);
  for (int64_t t = 0; t <= 21; ++t) {
    const std::string snapshot = SnapshotOf(*cache, setup_);
    EXPECT_EQ(SnapshotBytes(*cache, setup_).value(), static_cast<int64_t>(snapshot.size()));
    int64_t body_bits = 0;
    for (const Section& section : ContainerOf(snapshot).sections) {
      body_bits += 8 * static_cast<int64_t>(section.body.size()) - section.unused_bits;
    }
    EXPECT_EQ(body_bits, cache->StateBits());
    const int64_t overhead = 8 * static_cast<int64_t>(snapshot.size()) - cache->StateBits();
    EXPECT_LE(overhead, 8 * (64 + 16 * static_cast<int64_t>(cache->Sections().size())));
    ASSERT_THAT(cache->Append(ZeroScale(2)), IsOk());
    if (t == 21) break;
    ASSERT_THAT(cache->Append(tokens_.Block(t, 1, true)), IsOk());
  }
}

TEST_P(ConformanceTest, PiecesMayHaveAnyLength) {
  const std::string snapshot = SnapshotOf(*Pyramid(), setup_);
  for (size_t piece = 1; piece <= snapshot.size(); ++piece) {
    auto restored = Restore(snapshot, setup_, piece);
    ASSERT_THAT(restored, IsOk()) << piece;
    EXPECT_EQ(SnapshotOf(**restored, setup_), snapshot);
  }
}

TEST_P(ConformanceTest, AnEmptyCacheHasASnapshotButNoAnswer) {
  auto cache = NewCache(setup_);
  auto restored = Restore(SnapshotOf(*cache, setup_), setup_).value();
  Matrix out(7, kDims);
  for (const KvCache* empty : {cache.get(), restored.get()}) {
    EXPECT_EQ(empty->tokens(), 0);
    EXPECT_THAT(empty->Attend(queries_, out),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("holds no token")));
  }
}

TEST_P(ConformanceTest, NullPointersAreZerosAndMillionsOfThemAreFree) {
  auto null_tokens = Pyramid();
  auto zero_tokens = Pyramid();
  const Matrix zeros = Matrix::Zero(500, width_);
  ASSERT_THAT(null_tokens->Append(ZeroScale(500)), IsOk());
  ASSERT_THAT(zero_tokens->Append({500, nullptr, zeros.data(), zeros.data(), true}), IsOk());
  EXPECT_EQ(Attended(*null_tokens, queries_), Attended(*zero_tokens, queries_));
  EXPECT_EQ(SnapshotOf(*null_tokens, setup_), SnapshotOf(*zero_tokens, setup_));

  setup_.memory_limit_bytes = 1 << 20;
  auto small = Pyramid();
  EXPECT_THAT(small->Append(ZeroScale(16 << 20)), IsOk());
  EXPECT_EQ(small->tokens(), 21 + (16 << 20));
  EXPECT_LT(SnapshotBytes(*small, setup_).value(), 1 << 20);
}

// Whether the same bits come back from a state of this algorithm, whatever they are; of the
// few that are tested, from quantisers too.
bool KeepsEveryBit(const CacheSetup& setup) {
  const KvAlgorithm& algorithm = *FindAlgorithm(setup.spec.name()).value();
  return algorithm.kind == AlgorithmKind::kQuantizer || algorithm.keeps_every_bit;
}

// The counting argument itself: an algorithm that can answer for every one of the
// 2^8 inputs cannot send fewer than 2^8 different messages.
TEST_P(ConformanceTest, EveryInputOfEightBitsHasItsOwnMessageIfAllAreKept) {
  setup_ = SetupWithFrame(GetParam(), 2, 4);
  if (!KeepsEveryBit(setup_)) GTEST_SKIP() << "tokens may be evicted or summed up";
  std::set<std::string> messages;
  for (int input = 0; input < 256; ++input) {
    Tokens tokens = FrameTokens(setup_, 1);
    for (int i = 0; i < 8; ++i) {
      tokens.values(i / 2, i % 2) = ValueOfBit(setup_.encoding, (input >> i & 1) != 0);
    }
    auto cache = NewCache(setup_);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    messages.insert(SnapshotOf(*cache, setup_));
  }
  EXPECT_EQ(messages.size(), size_t{256});
}

// What is the same and scaled in the query or by the option is the same answer.
TEST_P(ConformanceTest, TheScaleOfScoresMultipliesTheQuery) {
  if (setup_.spec.options().contains("scale")) GTEST_SKIP() << "this is the scaled one";
  if (setup_.spec.name() == "balancekv" || setup_.spec.name() == "scatterbrain") {
    GTEST_SKIP() << "the scale decides what is kept";
  }
  CacheSetup halved = setup_;
  halved.spec.Set("scale", "0.5");
  auto plain = Pyramid();
  auto scaled = NewCache(halved);
  int64_t first = 0;
  AppendScales(*scaled, tokens_, first, {1, 4, 16}, 1000);
  EXPECT_EQ(Attended(*plain, queries_ * 0.5F), Attended(*scaled, queries_));
}

}  // namespace
}  // namespace kvwire
