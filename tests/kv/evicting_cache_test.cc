// What all evictors promise, whatever their policy.

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/eviction_streams.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Each with room for five tokens, and with room for all.
struct Evictor {
  const char* small;
  const char* large;
};
constexpr Evictor kEvictors[] = {
    {"h2o:heavy=2,recent=3", "h2o:heavy=4,recent=400"},
    {"h2o:heavy=5,recent=0,score=mean", "h2o:heavy=400,score=mean"},
    {"scissorhands:budget=5,recent=2", "scissorhands:budget=400"},
    {"snapkv:window=2,cap=5", "snapkv:window=2,cap=400"},
    {"uniform:budget=5", "uniform:budget=400"},
    {"scalekv:budget=16", "scalekv:budget=400"},  // room for 16, the least it can have
};

EvictionStream RandomStream(uint64_t seed, std::vector<int64_t> scales) {
  std::mt19937_64 random(seed);
  EvictionStream stream{{}, {}, {}, std::move(scales)};
  int64_t tokens = 0;
  for (const int64_t scale : stream.scales) tokens += scale;
  stream.queries = NormalMatrix(tokens, 3, random);
  stream.keys = NormalMatrix(tokens, 3, random);
  stream.values = NormalMatrix(tokens, 3, random);
  return stream;
}

void AppendAll(KvCache& cache, const EvictionStream& stream) {
  int64_t first = 0;
  for (const int64_t scale : stream.scales) {
    ASSERT_THAT(cache.Append(stream.Block(first, scale, true)), IsOk());
    first += scale;
  }
}

TEST(EvictingCacheTest, ABudgetOfAllTokensIsExactAttentionToTheBit) {
  const EvictionStream stream = RandomStream(1, {1, 4, 16, 1, 1, 64, 9});
  std::mt19937_64 random(2);
  const Matrix queries = NormalMatrix(7, 3, random);
  for (const auto& [format, exact] : std::vector<std::pair<std::string, std::string>>{
           {"float32", "exact"}, {"float16", "float16"}}) {
    for (const char* scale : {"1", "rsqrt"}) {
      auto reference = NewCache(SetupOf(exact + ":scale=" + scale, 3));
      AppendAll(*reference, stream);
      ASSERT_THAT(reference->Append(ZeroScale(5)), IsOk());
      for (const Evictor& evictor : kEvictors) {
        const CacheSetup setup =
            SetupOf(std::string(evictor.large) + ",format=" + format + ",scale=" + scale, 3);
        auto cache = NewCache(setup);
        AppendAll(*cache, stream);
        ASSERT_THAT(cache->Append(ZeroScale(5)), IsOk());
        EXPECT_EQ(Attended(*cache, queries), Attended(*reference, queries)) << evictor.large;
        cache = Restore(SnapshotOf(*cache, setup), setup).value();
        EXPECT_EQ(Attended(*cache, queries), Attended(*reference, queries)) << evictor.large;
      }
    }
  }
}

TEST(EvictingCacheTest, AWholeScaleIsVisibleUntilTheNextOneBegins) {
  const EvictionStream stream = RandomStream(3, {30, 12});
  const Matrix queries = stream.queries.topRows(4);
  for (const Evictor& evictor : kEvictors) {
    auto cache = NewCache(SetupOf(evictor.small, 3));
    ASSERT_THAT(cache->Append(stream.Block(0, 30, true)), IsOk());
    const Eigen::MatrixXd whole =
        NaiveAttention(queries, stream.keys.topRows(30), stream.values.topRows(30), 0);
    EXPECT_LT((Attended(*cache, queries).cast<double>() - whole).cwiseAbs().maxCoeff(), 1e-5);
    EXPECT_EQ(RowsOf(*cache).size(), 30);
    const int64_t bits = cache->StateBits();
    ASSERT_THAT(cache->Append(stream.Block(30, 7, false)), IsOk());
    const size_t kept = RowsOf(*cache).size() - 7;
    EXPECT_EQ(kept, std::string(evictor.small) == "scalekv:budget=16" ? 16 : 5);
    EXPECT_EQ(cache->StateBits(), bits);
    ASSERT_THAT(cache->Append(stream.Block(37, 5, true)), IsOk());
    EXPECT_EQ(RowsOf(*cache).size(), kept + 12);
    ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
    EXPECT_EQ(RowsOf(*cache).size(), kept);
  }
}

// Only tokens that are not zero take a place.
TEST(EvictingCacheTest, ZeroTokensAreCountedAndEvictNothing) {
  const EvictionStream stream = RandomStream(4, {5});
  for (const Evictor& evictor : kEvictors) {
    const CacheSetup setup = SetupOf(evictor.small, 3);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(stream.Block(0, 5, true)), IsOk());
    const int64_t bits = cache->StateBits();
    ASSERT_THAT(cache->Append(ZeroScale(1000)), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(1000)), IsOk());
    EXPECT_EQ(RowsOf(*cache), RowsOf(stream, TokensOfStream(5)));
    EXPECT_EQ(cache->AsRows()->ZeroRows(), 2000);
    EXPECT_EQ(cache->StateBits(), bits);
    const auto restored = Restore(SnapshotOf(*cache, setup), setup).value();
    EXPECT_EQ(restored->AsRows()->ZeroRows(), 2000);
  }
}

TEST(EvictingCacheTest, AnOpenScaleOfZeroTokensIsFree) {
  for (const Evictor& evictor : kEvictors) {
    CacheSetup setup = SetupOf(evictor.small, 3);
    setup.memory_limit_bytes = 1000;
    auto cache = NewCache(setup);
    const EvictionStream stream = RandomStream(4, {3});
    ASSERT_THAT(cache->Append(stream.Block(0, 3, true)), IsOk());
    for (int block = 0; block < 64; ++block) {
      ASSERT_THAT(cache->Append({int64_t{1} << 40, nullptr, nullptr, nullptr, false}), IsOk());
    }
    ASSERT_THAT(cache->Append(ZeroScale(1)), IsOk());
    EXPECT_EQ(cache->tokens(), 4 + (int64_t{1} << 46));
    EXPECT_THAT(Restore(SnapshotOf(*cache, setup), setup), IsOk());
  }
}

// Queries have to wait for the scale to close where scores are of whole scales.
TEST(EvictingCacheTest, AnOpenScaleCountsAgainstTheMemoryLimit) {
  const EvictionStream stream = RandomStream(5, {40});
  CacheSetup setup = SetupOf("h2o:heavy=1,recent=1", 3);
  const int64_t row_bytes = 2 * 3 * 4 + 8 + 4;
  const int64_t query_bytes = 3 * 4 + 8;
  setup.memory_limit_bytes = 6 * row_bytes + 5 * query_bytes;
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(stream.Block(0, 3, true)), IsOk());
  ASSERT_THAT(cache->Append(stream.Block(3, 2, false)), IsOk());
  const std::string before = SnapshotOf(*cache, setup);
  const auto over = StatusIs(absl::StatusCode::kResourceExhausted,
                             HasSubstr("needs 408 bytes of memory, allowed are 316"));
  EXPECT_THAT(cache->Append(stream.Block(5, 4, true)), over);
  EXPECT_EQ(SnapshotOf(*cache, setup), before);
  // Two kept and four new rows fit, with three queries.
  Matrix queries = stream.queries.topRows(2);
  queries.row(1).setZero();
  ASSERT_THAT(
      cache->Append({2, queries.data(), stream.keys.data(), stream.values.data(), true}),
      IsOk());
  // The scale is closed: nothing is evicted by an Append that fails.
  const Matrix answer = Attended(*cache, stream.keys);
  EXPECT_THAT(cache->Append(stream.Block(0, 6, true)), over);
  EXPECT_EQ(Attended(*cache, stream.keys), answer);
  EXPECT_THAT(cache->Append({4, nullptr, stream.keys.data(), stream.values.data(), true}),
              IsOk());
}

TEST(EvictingCacheTest, TheFrameIsCheckedAgainstTheMemoryLimit) {
  CacheSetup setup = SetupWithFrame("uniform:budget=5", 3, 100);
  setup.memory_limit_bytes = 5 * (24 + 8);
  EXPECT_THAT(CreateCache(setup), IsOk());
  --setup.memory_limit_bytes;
  EXPECT_THAT(CreateCache(setup), StatusIs(absl::StatusCode::kResourceExhausted,
                                           HasSubstr("needs 160 bytes of memory")));
}

TEST(EvictingCacheTest, RefusesWhatBinary16CannotHold) {
  auto cache = NewCache(SetupOf("uniform:format=float16", 1));
  const float numbers[] = {1, 1e-9F, 1e6F};
  EXPECT_THAT(cache->Append({3, nullptr, numbers, numbers, true}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("token 2 overflows 16 bits a number")));
  ASSERT_THAT(cache->Append({2, nullptr, numbers, numbers, true}), IsOk());
  EXPECT_EQ(cache->AsRows()->ZeroRows(), 1);  // 1e-9 rounds to zero
}

TEST(EvictingCacheTest, ConstCallsMayRunAtOnce) {
  const EvictionStream stream = RandomStream(6, {40, 40});
  const CacheSetup setup = SetupOf("h2o:heavy=3,recent=2", 3);
  auto cache = NewCache(setup);
  AppendAll(*cache, stream);
  std::vector<std::string> snapshots(4);
  std::vector<std::thread> threads;
  for (std::string& snapshot : snapshots) {
    threads.emplace_back([&] { snapshot = SnapshotOf(*cache, setup); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& snapshot : snapshots) EXPECT_EQ(snapshot, snapshots.front());
}

// What closing the scale leaves is decided once for each state, and restoring is another.
TEST(EvictingCacheTest, RestoringForgetsWhatWasDecidedOfTheEmptyState) {
  const EvictionStream stream = RandomStream(7, {9});
  for (const Evictor& evictor : kEvictors) {
    const CacheSetup setup = SetupOf(evictor.small, 3);
    auto cache = NewCache(setup);
    AppendAll(*cache, stream);
    const std::string snapshot = SnapshotOf(*cache, setup);
    const Container container = ContainerOf(snapshot);
    const std::vector<SnapshotSection> sections = cache->Sections();
    auto restored = NewCache(setup);
    restored->StateBits();
    for (size_t i = 0; i < sections.size(); ++i) {
      ASSERT_THAT(restored->BeginSection(9, sections[i]), IsOk());
      ASSERT_THAT(restored->RestoreBytes(container.sections[i].body), IsOk());
      restored->StateBits();
    }
    ASSERT_THAT(restored->EndRestore(), IsOk());
    EXPECT_EQ(SnapshotOf(*restored, setup), snapshot) << evictor.small;
  }
}

// Of a budget of five tokens.
TEST(EvictingCacheTest, RestoreRefusesSectionsThatNoStateHas) {
  const CacheSetup setup = SetupOf("uniform:budget=5", 1);
  const auto restore = [&](uint64_t tokens, int rows, const std::string& counter) {
    Container container;
    container.dims = 1;
    container.tokens = tokens;
    container.layers =
        Bytes(17, 1) + Bytes(1, 1) + Bytes(0, 1) + Bytes(1, 1) + "5" + Bytes(0, 1);
    container.sections = {{1, 0, ""}, {9, 0, counter}};
    for (int i = 0; i < rows; ++i) container.sections[0].body += Bytes(0x3f800000, 8);
    return Restore(container.Build(), setup).status();
  };
  const auto data_loss = [](const char* what) {
    return StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what));
  };
  EXPECT_THAT(restore(0, 0, Bytes(0, 8)), IsOk());
  EXPECT_THAT(restore(9, 5, Bytes(4, 8)), IsOk());
  EXPECT_THAT(restore(9, 5, Bytes(0, 8)), IsOk());
  EXPECT_THAT(restore(9, 3, Bytes(6, 8)), IsOk());
  EXPECT_THAT(restore(9, 6, Bytes(3, 8)), data_loss("6 rows where at most 5 are kept"));
  EXPECT_THAT(restore(2, 3, Bytes(0, 8)), data_loss("3 rows where at most 2 are kept"));
  // Nothing is evicted but from a full cache.
  EXPECT_THAT(restore(9, 3, Bytes(5, 8)),
              data_loss("5 zero tokens and 3 rows in a stream of 9"));
  EXPECT_THAT(restore(9, 5, Bytes(5, 8)),
              data_loss("5 zero tokens and 5 rows in a stream of 9"));
  EXPECT_THAT(restore(9, 5, Bytes(uint64_t{1} << 63, 8)), data_loss("a counter stands at"));
  EXPECT_THAT(restore(9, 5, Bytes(0, 7)), data_loss("a counter of 56 bits"));
  EXPECT_THAT(restore(9, 5, std::string(9, '\0')), data_loss("a counter of 72 bits"));
}

TEST(EvictingCacheTest, RestoreRefusesMissingAndSurplusSections) {
  const CacheSetup setup = SetupOf("snapkv", 1);
  const Container good = ContainerOf(SnapshotOf(*NewCache(setup), setup));
  ASSERT_EQ(good.sections.size(), 4);
  const auto data_loss = [](const char* what) {
    return StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what));
  };
  for (size_t count = 1; count < 4; ++count) {
    Container fewer = good;
    fewer.sections.resize(count);
    EXPECT_THAT(Restore(fewer.Build(), setup), data_loss("sections are missing"));
  }
  Container more = good;
  more.sections.push_back(good.sections.back());
  EXPECT_THAT(Restore(more.Build(), setup), data_loss("more than 4 sections"));
  for (size_t i = 0; i < 4; ++i) {
    Container other = good;
    other.sections[i].content = 4;
    EXPECT_THAT(Restore(other.Build(), setup), data_loss("a section of codes where"));
  }
}

}  // namespace
}  // namespace kvwire
