// What the wrapper window refuses: numbers, options, algorithms, snapshots, and states
// over the memory limit.

#include <algorithm>
#include <memory>
#include <string>

#include "common/kv/window_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr const char* kInner[] = {"exact",
                                  "bfloat16",
                                  "q8_0",
                                  "q4_0",
                                  "kivi:bits=3,group=2,residual=6",
                                  "skvq:sinks=1,window=2,group=2"};

std::string Wrapped(const std::string& inner, int64_t sinks, int64_t recent) {
  return inner + "+window:sinks=" + std::to_string(sinks) +
         ",recent=" + std::to_string(recent);
}

Tokens RandomTokens(int64_t rows, int64_t width, std::mt19937_64& random) {
  return {RandomMatrix(rows, width, random), RandomMatrix(rows, width, random)};
}

TEST(WindowLimitsTest, ANumberThatTheInnerCacheWouldRefuseIsRefusedAtOnce) {
  for (const std::string inner : {"float16", "q8_0", "kivi", "q8_0+window"}) {
    const CacheSetup setup = SetupOf(Wrapped(inner, 2, 100), 2);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(ZeroScale(7)), IsOk());
    Matrix rows = Matrix::Ones(4, 2);
    rows(2, 1) = 1e6F;
    const std::string before = SnapshotOf(*cache, setup);
    EXPECT_THAT(cache->Append({4, nullptr, rows.data(), rows.data(), true}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token 9: ")))
        << inner;
    EXPECT_EQ(SnapshotOf(*cache, setup), before);
  }
}

TEST(WindowLimitsTest, TheMemoryLimitIsForBothTogether) {
  std::mt19937_64 random(9);
  const Tokens tokens = RandomTokens(40, 3, random);
  for (const std::string inner : kInner) {
    CacheSetup setup = SetupOf(Wrapped(inner, 2, 6), 3);
    int64_t most_bits = 0;
    auto cache = NewCache(setup);
    for (int64_t i = 0; i < 40; ++i) {
      ASSERT_THAT(cache->Append(tokens.Block(i, 1, true)), IsOk());
      most_bits = std::max(most_bits, cache->StateBits());
    }
    setup.memory_limit_bytes = (most_bits + 7) / 8;
    auto enough = NewCache(setup);
    EXPECT_THAT(enough->Append(tokens.Block()), IsOk()) << inner;
    const std::string snapshot = SnapshotOf(*enough, setup);
    EXPECT_THAT(Restore(snapshot, setup), IsOk()) << inner;
    setup.memory_limit_bytes -= 1;
    const auto refusal = StatusIs(absl::StatusCode::kResourceExhausted,
                                  HasSubstr("bytes of memory, allowed are"));
    auto small = NewCache(setup);
    EXPECT_THAT(small->Append(tokens.Block()), refusal) << inner;
    EXPECT_EQ(small->tokens(), 0);
    setup.memory_limit_bytes = enough->StateBits() / 8 - 1;
    EXPECT_THAT(Restore(snapshot, setup), refusal) << inner;
    setup.frame = KeyFrame::Create(KeyFrameKind::kUnit, 7, 40, 3).value();
    EXPECT_THAT(CreateCache(setup), refusal) << inner;
  }
}

TEST(WindowLimitsTest, RestoreRefusesWindowsThatNoStateHas) {
  std::mt19937_64 random(10);
  const CacheSetup setup = SetupOf("q8_0+window:sinks=1,recent=2", 1);
  const Tokens tokens = RandomTokens(5, 1, random);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  const Container good = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(Restore(good.Build(), setup), IsOk());

  Container four = good;
  four.sections[0].body += four.sections[0].body.substr(0, 8);
  EXPECT_THAT(Restore(four.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4 tokens where at most 3")));
  Container two = good;
  two.sections[0].body.resize(16);
  EXPECT_THAT(Restore(two.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("2 tokens have left a window that holds 2 of 3")));
  Container zero = good;
  zero.sections[0].body.replace(8, 8, 8, '\0');
  EXPECT_THAT(Restore(zero.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 1 is a zero token")));
  Container fewer = good;
  fewer.tokens = 4;
  EXPECT_EQ(Restore(fewer.Build(), setup).status().code(), absl::StatusCode::kDataLoss);
  fewer.tokens = 2;
  EXPECT_EQ(Restore(fewer.Build(), setup).status().code(), absl::StatusCode::kDataLoss);
  Container missing = good;
  missing.sections.resize(1);
  EXPECT_THAT(Restore(missing.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("sections are missing")));
}

TEST(WindowLimitsTest, RefusesEvictorsAndKeysByPlaceSayingWhy) {
  EXPECT_THAT(CreateCache(SetupOf("streaming+window", 4)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("streaming evicts tokens by a policy of its own")));
  EXPECT_THAT(CreateCache(SetupWithFrame("bitplane+window", 4, 3)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("bitplane knows keys by their place in the stream")));
}

TEST(WindowLimitsTest, RefusesOptionsOutOfRange) {
  EXPECT_THAT(ParseBuiltInSpec("kivi+window:sinks=0,recent=0"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keep nothing")));
  for (const char* bad : {"sinks=-1", "recent=4294967297", "format=float8"}) {
    EXPECT_EQ(ParseBuiltInSpec(std::string("kivi+window:") + bad).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(ParseBuiltInSpec("kivi+window:sinks=4,recent=128,format=float32")->ToString(),
            "kivi+window");
}

// A cache whose state is no set of tokens.
class SumCache : public KvCache {
 public:
  absl::Status Append(const TokenBlock& /*block*/) override { return absl::OkStatus(); }
  absl::Status Attend(const Eigen::Ref<const Matrix>& /*queries*/,
                      Eigen::Ref<Matrix> /*out*/) const override {
    return absl::OkStatus();
  }
  int64_t tokens() const override { return 0; }
  std::vector<SnapshotSection> Sections() const override { return {}; }
  absl::Status WriteSection(size_t /*index*/, ByteSink /*sink*/) const override {
    return absl::OkStatus();
  }
  absl::Status BeginSection(int64_t /*tokens*/, SnapshotSection /*section*/) override {
    return absl::OkStatus();
  }
  absl::Status RestoreBytes(std::string_view /*piece*/) override { return absl::OkStatus(); }
  absl::Status EndRestore() override { return absl::OkStatus(); }
};

TEST(WindowLimitsTest, RefusesWhatKeepsNoTokens) {
  EXPECT_THAT(
      WindowCache<float>::Create(SetupOf("exact", 2), {1, 1}, std::make_unique<SumCache>()),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keeps no set of tokens")));
}

}  // namespace
}  // namespace kvwire
