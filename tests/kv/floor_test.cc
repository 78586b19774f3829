// floor: how many bits it takes, how often they are wrong, and that this is the same for all
// of them and for any payload.

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "common/kv/algorithms/floor_blocks.h"
#include "common/kv/row_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

using Payload = std::function<bool(int64_t)>;

bool Zeros(int64_t) { return false; }
bool Ones(int64_t) { return true; }
bool Stripes(int64_t i) { return i / 24 % 2 == 0; }
Payload RandomPayload(uint64_t seed) {
  return [random = std::mt19937_64(seed)](int64_t) mutable { return random() % 2 != 0; };
}

Tokens TokensOf(const CacheSetup& setup, const Payload& payload) {
  Tokens tokens = FrameTokens(setup, 1);
  for (int64_t i = 0; i < tokens.values.rows(); ++i) {
    for (int64_t j = 0; j < setup.dims; ++j) {
      tokens.values(i, j) = payload(i * setup.dims + j) ? 1.0F : 0.0F;
    }
  }
  return tokens;
}

// Which bits come back wrong from the whole frame.
std::vector<int> Errors(const CacheSetup& setup, const Payload& payload) {
  const Tokens tokens = TokensOf(setup, payload);
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  const auto restored = Restore(SnapshotOf(*cache, setup), setup).value();
  std::vector<int> errors;
  restored->AsRows()->VisitRows([&](const KeyValueBlock& block) {
    for (int64_t i = 0; i < block.values.size(); ++i) {
      const auto at = static_cast<int64_t>(errors.size());
      const float sent = tokens.values(at / setup.dims, at % setup.dims);
      errors.push_back(block.values.data()[i] == sent ? 0 : 1);
    }
  });
  EXPECT_EQ(errors.size(), static_cast<size_t>(tokens.values.size()));
  return errors;
}

double Mean(const std::vector<int>& errors) {
  double sum = 0;
  for (const int error : errors) sum += error;
  return sum / static_cast<double>(errors.size());
}

CacheSetup FloorSetup(const std::string& options, int64_t dims, int64_t rows) {
  return SetupWithFrame("floor:" + options, dims, rows);
}

TEST(FloorTest, AsManyBitsAreWrongAsWasAskedForWhateverThePayloadIs) {
  for (const double error : {0.01, 0.11, 0.3, 0.4}) {
    const CacheSetup setup = FloorSetup(absl::StrCat("error=", error), 64, 2048);
    for (const Payload& payload :
         {Payload(Zeros), Payload(Ones), Payload(Stripes), RandomPayload(7)}) {
      // 2^17 bits: a deviation of sqrt(p / 2^17), and the code's own 1 %.
      EXPECT_NEAR(Mean(Errors(setup, payload)), error,
                  0.012 * error + 4 * std::sqrt(error / (1 << 17)));
    }
  }
}

TEST(FloorTest, EveryPositionIsWrongAsOftenAsEveryOther) {
  constexpr int kSeeds = 4000;
  CacheSetup setup = FloorSetup("bits=24", 8, 8);
  std::vector<int> wrong(64);
  for (setup.seed = 0; setup.seed < kSeeds; ++setup.seed) {
    const std::vector<int> errors = Errors(setup, Stripes);
    for (size_t i = 0; i < 64; ++i) wrong[i] += errors[i];
  }
  const double mean = Mean(wrong) / kSeeds;
  // R(D) = 24 / 64 at D = 0.157, and a code of 64 bits does a little worse.
  EXPECT_GE(mean, 0.157);
  EXPECT_LE(mean, 0.23);
  for (const int count : wrong) {
    EXPECT_NEAR(count, kSeeds * mean, 4.5 * std::sqrt(kSeeds * mean * (1 - mean)));
  }
}

TEST(FloorTest, AWholeFrameTakesLittleMoreThanTheFloorAndAPartOfItItsBits) {
  struct {
    double error, least, most;
  } const kRates[] = {{0.01, 1.0, 1.015}, {0.11, 1.0, 1.035}, {0.3, 1.0, 1.07}};
  for (const auto& [error, least, most] : kRates) {
    const CacheSetup setup = FloorSetup(absl::StrCat("error=", error), 64, 2048);
    const Tokens tokens = TokensOf(setup, RandomPayload(1));
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(tokens.Block(0, 2047, true)), IsOk());
    EXPECT_EQ(cache->StateBits(), 2047 * 64);
    ASSERT_THAT(cache->Append(tokens.Block(2047, 1, true)), IsOk());
    const double entropy = -error * std::log2(error) - (1 - error) * std::log2(1 - error);
    const double rate = static_cast<double>(cache->StateBits()) / (1 << 17) / (1 - entropy);
    EXPECT_GE(rate, least) << error;
    EXPECT_LE(rate, most) << error;
  }
}

TEST(FloorTest, WithoutErrorItIsBitplane) {
  const CacheSetup setup = FloorSetup("error=0", 16, 100);
  EXPECT_EQ(Mean(Errors(setup, RandomPayload(3))), 0);
  auto cache = NewCache(setup);
  auto bitplane = NewCache(SetupWithFrame("bitplane", 16, 100));
  const Tokens tokens = TokensOf(setup, RandomPayload(3));
  ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
  ASSERT_THAT(bitplane->Append(tokens.Block()), IsOk());
  EXPECT_EQ(cache->StateBits(), bitplane->StateBits());
}

TEST(FloorTest, TheBitsOfTheMessageCanBeChosen) {
  const Payload payload = RandomPayload(4);
  for (const int64_t bits : {1, 500, 4000, 6400}) {
    const CacheSetup setup = FloorSetup(absl::StrCat("bits=", bits), 64, 100);
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(TokensOf(setup, payload).Block()), IsOk());
    EXPECT_EQ(cache->StateBits(), bits);
  }
  EXPECT_EQ(Mean(Errors(FloorSetup("bits=6400", 64, 100), payload)), 0);
  EXPECT_GT(Mean(Errors(FloorSetup("bits=500", 64, 100), payload)), 0.3);
}

TEST(FloorTest, LongFramesAreCutIntoBlocksOfWholeRows) {
  // One row more than a block takes: 2 blocks, whose codes are cut by number.
  const int64_t rows = (FloorBlocks::kMostBits >> 10) + 1;
  const CacheSetup setup = FloorSetup("bits=1000", 1024, rows);
  const FloorOptions options = FloorOptions::FromSpec(setup.spec).value();
  const FloorBlocks blocks = FloorBlocks::Create(setup, options).value();
  ASSERT_EQ(blocks.count(), 2);
  EXPECT_EQ(blocks.bits(0), 4096 * 1024);
  EXPECT_EQ(blocks.bits(1), 4097 * 1024);
  EXPECT_EQ(blocks.message_bits(0), 500);
  EXPECT_EQ(blocks.message_bits(1), 500);
}

TEST(FloorTest, SectionsThatNoStateHasAreRefused) {
  const CacheSetup setup = FloorSetup("bits=40", 8, 8);
  const Tokens tokens = TokensOf(setup, RandomPayload(5));
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 7, true)), IsOk());
  const Container part = ContainerOf(SnapshotOf(*cache, setup));
  ASSERT_THAT(cache->Append(tokens.Block(7, 1, true)), IsOk());
  const Container whole = ContainerOf(SnapshotOf(*cache, setup));
  const auto refused = [&](Container container, size_t section, const std::string& body,
                           const std::string& why) {
    container.sections[section].body = body;
    EXPECT_THAT(Restore(container.Build(), setup), StatusIs(Code::kDataLoss, HasSubstr(why)));
  };
  refused(whole, 0, std::string(4, 'x'), "are not the messages of whole blocks");
  refused(whole, 0, std::string(6, 'x'), "are not the messages of whole blocks");
  refused(whole, 1, "x", "after 1 whole blocks are no rows");
  refused(part, 1, std::string(8, 'x'), "before the next one is whole");
  // A block cannot be whole of fewer tokens than it has.
  Container fewer = whole;
  fewer.tokens = 7;
  EXPECT_THAT(Restore(fewer.Build(), setup),
              StatusIs(Code::kDataLoss, HasSubstr("no rows of 7 tokens")));
}

TEST(FloorTest, OptionsThatCannotBeAreRefused) {
  for (const std::string option :
       {"error=-0.1", "error=0.5", "bits=-1", "paths=0", "paths=33", "bits=9,error=0.2"}) {
    EXPECT_THAT(ParseBuiltInSpec("floor:" + option),
                StatusIs(Code::kInvalidArgument, HasSubstr("floor")))
        << option;
  }
  EXPECT_THAT(CreateCache(SetupOf("floor", 8)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("public frame")));
}

TEST(FloorTest, TheWorkOfTheCodeIsPartOfTheMemory) {
  CacheSetup setup = FloorSetup("error=0.11", 64, 2048);
  setup.memory_limit_bytes = (1 << 17) / 8 + (1 << 17) * (6 * 8 + 10);
  EXPECT_THAT(CreateCache(setup), IsOk());
  --setup.memory_limit_bytes;
  EXPECT_THAT(CreateCache(setup),
              StatusIs(Code::kResourceExhausted, HasSubstr("bytes of memory")));
}

}  // namespace
}  // namespace kvwire
