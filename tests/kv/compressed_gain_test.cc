// What the entropy wrappers are worth, in brackets: an improvement is looked at too.

#include <cmath>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"

namespace kvwire {
namespace {

constexpr int64_t kTokens = 1365;
constexpr int64_t kDims = 64;

// Normal numbers; the standard deviations of channels are spread by exp(spread N(0, 1)), as
// those of real keys are.
Tokens NormalTokens(double spread) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const auto draw = [&] {
    Matrix matrix(kTokens, kDims);
    for (int64_t j = 0; j < kDims; ++j) {
      const double deviation = std::exp(spread * normal(random));
      for (int64_t i = 0; i < kTokens; ++i) {
        matrix(i, j) = static_cast<float>(deviation * normal(random));
      }
    }
    return matrix;
  };
  return {draw(), draw()};
}

double GainOf(const std::string& spec, const std::string& wrapper, const Tokens& tokens) {
  const auto bits = [&](const std::string& text) {
    const CacheSetup setup = SetupOf(text, kDims);
    auto cache = NewCache(setup);
    EXPECT_EQ(cache->Append(tokens.Block()), absl::OkStatus());
    return static_cast<double>(cache->StateBits());
  };
  return bits(spec) / bits(spec + wrapper);
}

void ExpectGain(const std::string& spec, double spread, double ans, double zstd) {
  const Tokens tokens = NormalTokens(spread);
  EXPECT_NEAR(GainOf(spec, "+ans", tokens), ans, 0.01 * ans) << spec << " " << spread;
  EXPECT_NEAR(GainOf(spec, "+zstd", tokens), zstd, 0.02 * zstd) << spec << " " << spread;
}

TEST(CompressedGainTest, FloatsGainByTheirExponents) {
  ExpectGain("exact", 0, 1.195, 1.082);
  ExpectGain("exact", 1, 1.19, 1.063);
  ExpectGain("float16", 0, 1.18, 1.088);
  ExpectGain("float16", 1, 1.175, 1.058);
}

// The numbers of the reduction are as random as numbers are.
TEST(CompressedGainTest, RandomBitsGainNothing) {
  CacheSetup setup = SetupWithFrame("bitplane", kDims, kTokens);
  const Tokens tokens = FrameTokens(setup, 1);
  auto plain = NewCache(setup);
  ASSERT_EQ(plain->Append(tokens.Block()), absl::OkStatus());
  for (const char* wrapper : {"bitplane+ans", "bitplane+zstd:level=19"}) {
    setup.spec = ParseBuiltInSpec(wrapper).value();
    auto cache = NewCache(setup);
    ASSERT_EQ(cache->Append(tokens.Block()), absl::OkStatus());
    EXPECT_EQ(cache->StateBits(), plain->StateBits() + 8) << wrapper;
  }
}

// Keys of +-1/8 and values of 0 or 1 at 32 bits each are worth 2 of 64; the rest of what is
// left is what it costs to learn that.
TEST(CompressedGainTest, ACodeFrameOfFloatsShrinksToNearlyItsBits) {
  CacheSetup setup = SetupOf("exact", kDims);
  setup.frame = KeyFrame::Create(KeyFrameKind::kCode, 1, kTokens, kDims).value();
  const Tokens tokens = FrameTokens(setup, 1);
  const double gain = GainOf("exact", "+ans", tokens);
  EXPECT_GT(gain, 18);
  EXPECT_LT(gain, 21);
}

}  // namespace
}  // namespace kvwire
