// The wrappers ans and zstd around every algorithm.

#include "common/kv/compressed_cache.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "common/kv/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

class CompressedCacheTest : public ::testing::TestWithParam<std::string> {
 protected:
  // The setup of `c` with the wrapper around it.
  CacheSetup Wrapped(CacheCase c) const {
    c.spec += GetParam();
    return SetupWithFrame(c, 3, 40);
  }

  static std::unique_ptr<KvCache> Filled(const CacheSetup& setup, int64_t tokens = 40) {
    auto cache = NewCache(setup);
    if (tokens > 0) {
      EXPECT_THAT(cache->Append(FrameTokens(setup, 1).Block(0, tokens, true)), IsOk());
    }
    EXPECT_THAT(cache->Append(ZeroScale(5)), IsOk());
    return cache;
  }
};

INSTANTIATE_TEST_SUITE_P(Wrappers, CompressedCacheTest,
                         ::testing::Values("+ans", "+zstd", "+zstd:level=19", "+zstd+ans"),
                         [](const auto& test) { return CacheCase{test.param}.Name(); });

TEST_P(CompressedCacheTest, AnswersAsWhatItIsAround) {
  for (const CacheCase& c : CasesOfAllAlgorithms()) {
    const CacheSetup setup = Wrapped(c);
    const auto wrapped = Filled(setup);
    const auto plain = Filled(SetupWithFrame(c, 3, 40));
    EXPECT_EQ(wrapped->tokens(), 45);
    EXPECT_EQ(wrapped->AsRows() == nullptr, plain->AsRows() == nullptr);
    const Matrix queries = Matrix::Ones(2, 3);
    EXPECT_EQ(Attended(*wrapped, queries), Attended(*plain, queries)) << c.Name();
  }
}

TEST_P(CompressedCacheTest, RestoresEveryAlgorithmAndGoesOnAsIfItHadNeverStopped) {
  for (const CacheCase& c : CasesOfAllAlgorithms()) {
    const CacheSetup setup = Wrapped(c);
    for (const int64_t tokens : {0, 1, 7, 39}) {
      const auto cache = NewCache(setup);
      const Tokens stream = FrameTokens(setup, 1);
      ASSERT_THAT(cache->Append(stream.Block(0, tokens, true)), IsOk());
      const std::string snapshot = SnapshotOf(*cache, setup);
      auto restored = Restore(snapshot, setup, 7);
      ASSERT_THAT(restored, IsOk()) << c.Name() << " " << tokens;
      EXPECT_EQ(SnapshotOf(**restored, setup), snapshot) << c.Name();
      const TokenBlock next = stream.Block(tokens, 1, true);
      ASSERT_THAT(cache->Append(next), IsOk());
      ASSERT_THAT((*restored)->Append(next), IsOk());
      EXPECT_EQ(SnapshotOf(**restored, setup), SnapshotOf(*cache, setup)) << c.Name();
    }
  }
}

TEST_P(CompressedCacheTest, ClaimsWhatIsSentAndAtMostAByteASectionMoreThanWithout) {
  for (const CacheCase& c : CasesOfAllAlgorithms()) {
    const CacheSetup setup = Wrapped(c);
    for (const int64_t tokens : {0, 1, 40}) {
      const auto wrapped = Filled(setup, tokens);
      const std::vector<SnapshotSection> plain =
          Filled(SetupWithFrame(c, 3, 40), tokens)->Sections();
      const std::vector<Section> sent = ContainerOf(SnapshotOf(*wrapped, setup)).sections;
      const std::vector<SnapshotSection> claimed = wrapped->Sections();
      ASSERT_EQ(claimed.size(), plain.size());
      ASSERT_EQ(sent.size(), plain.size());
      const int64_t layers = GetParam() == "+zstd+ans" ? 2 : 1;
      for (size_t i = 0; i < plain.size(); ++i) {
        EXPECT_EQ(claimed[i].content, plain[i].content);
        EXPECT_EQ(claimed[i].bytes(), static_cast<int64_t>(sent[i].body.size()));
        EXPECT_LE(claimed[i].bits, plain[i].bits + 8 * layers) << c.Name();
        EXPECT_EQ(claimed[i].bits == 0, plain[i].bits == 0);
      }
    }
  }
}

TEST_P(CompressedCacheTest, TheBytesDoNotDependOnBlocksOrOnWhatWasAskedBefore) {
  for (const CacheCase& c : CasesOfAllAlgorithms()) {
    const CacheSetup setup = Wrapped(c);
    const auto whole = NewCache(setup);
    const auto parts = NewCache(setup);
    const Tokens tokens = FrameTokens(setup, 1);
    ASSERT_THAT(whole->Append(tokens.Block()), IsOk());
    for (int64_t t = 0; t < 40; ++t) {
      ASSERT_THAT(parts->Append(tokens.Block(t, 1, t == 39)), IsOk());
      parts->StateBits();
    }
    EXPECT_EQ(SnapshotOf(*parts, setup), SnapshotOf(*whole, setup)) << c.Name();
  }
}

TEST_P(CompressedCacheTest, SeveralThreadsMayAskAtOnce) {
  const CacheSetup setup = Wrapped({"exact"});
  const auto cache = Filled(setup);
  std::vector<std::string> snapshots(4);
  std::vector<std::thread> threads;
  threads.reserve(snapshots.size());
  for (std::string& snapshot : snapshots) {
    threads.emplace_back([&] { snapshot = SnapshotOf(*cache, setup); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& snapshot : snapshots) EXPECT_EQ(snapshot, snapshots.front());
}

// What entropy coders are told of a section must be known before it is read.
TEST(WrapperTest, TheSymbolsOfSectionsAreThoseOfTheEmptyState) {
  for (const CacheCase& c : CasesOfAllAlgorithms()) {
    const CacheSetup setup = SetupWithFrame(c, 3, 40);
    const auto cache = NewCache(setup);
    const std::vector<SnapshotSection> empty = cache->Sections();
    ASSERT_THAT(cache->Append(FrameTokens(setup, 1).Block()), IsOk());
    const std::vector<SnapshotSection> full = cache->Sections();
    ASSERT_EQ(full.size(), empty.size()) << c.Name();
    for (size_t i = 0; i < full.size(); ++i) {
      EXPECT_EQ(full[i].content, empty[i].content) << c.Name();
      EXPECT_EQ(full[i].symbol_bits, empty[i].symbol_bits) << c.Name();
      EXPECT_EQ(full[i].row_symbols, empty[i].row_symbols) << c.Name();
      EXPECT_GE(full[i].symbol_bits, 1);
      EXPECT_LE(full[i].symbol_bits, 16);
      EXPECT_GE(full[i].row_symbols, 1);
    }
  }
}

TEST(WrapperTest, TheLevelIsFromOneToNineteen) {
  EXPECT_EQ(ParseBuiltInSpec("exact+zstd:level=3")->ToString(), "exact+zstd");
  for (const std::string level : {"0", "20", "-1", "03", "x"}) {
    EXPECT_THAT(ParseBuiltInSpec("exact+zstd:level=" + level),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("from 1 to 19")));
  }
  EXPECT_THAT(ParseBuiltInSpec("exact+ans:level=3"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("it has none")));
}

// Another release of libzstd may write other bytes, but must read these.
TEST(WrapperTest, AFileOfZstdStaysReadable) {
  const std::string path = std::string(KVWIRE_GOLDEN) + "/exact_zstd.kvws";
  CacheSetup setup = SetupOf("exact+zstd", 16);
  setup.frame = KeyFrame::Create(KeyFrameKind::kCode, 0, 21, 16).value();
  const auto original = NewCache(setup);
  ASSERT_THAT(original->Append(FrameTokens(setup, 2026).Block()), IsOk());
  if (std::getenv("KVWIRE_WRITE_GOLDEN") != nullptr && !std::ifstream(path)) {
    std::ofstream(path, std::ios::binary) << SnapshotOf(*original, setup);
  }
  std::ifstream file(path, std::ios::binary);
  const auto restored = Restore(std::string{std::istreambuf_iterator<char>(file), {}}, setup);
  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ((*restored)->tokens(), 21);
  EXPECT_EQ(Attended(**restored, Matrix::Ones(2, 16)),
            Attended(*original, Matrix::Ones(2, 16)));
}

}  // namespace
}  // namespace kvwire
