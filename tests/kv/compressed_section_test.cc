// Sections of wrapped snapshots that were made up, with right checksums.

#include "common/kv/compressed_section.h"

#include <zstd.h>

#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::_;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int64_t kTokens = 100;

// `count` numbers that code well, as tokens of d = 4.
Tokens EvenTokens() {
  return {Matrix::Constant(kTokens, 4, 0.5F), Matrix::Constant(kTokens, 4, 0.25F)};
}

class CompressedSectionTest : public ::testing::TestWithParam<std::string> {
 protected:
  CacheSetup setup_ = SetupOf("exact+" + GetParam(), 4);
  std::string snapshot_ = MakeSnapshot();

  std::string MakeSnapshot() {
    auto cache = NewCache(setup_);
    EXPECT_THAT(cache->Append(EvenTokens().Block()), IsOk());
    return SnapshotOf(*cache, setup_);
  }

  // What comes of a snapshot whose one section has this body.
  absl::Status RestoreBody(const std::string& body, int unused_bits = 0) {
    Container container = ContainerOf(snapshot_);
    container.sections.front().body = body;
    container.sections.front().unused_bits = unused_bits;
    return Restore(container.Build(), setup_, 3).status();
  }

  std::string Body() { return ContainerOf(snapshot_).sections.front().body; }
  // The code in it, behind the length.
  std::string Code() { return Body().substr(Varint(kBits).size()); }

  // The body of the section that is coded, 32 bytes a token.
  std::string PlainBody() {
    const CacheSetup plain = SetupOf("exact", 4);
    auto cache = NewCache(plain);
    EXPECT_THAT(cache->Append(EvenTokens().Block()), IsOk());
    return BodyOf(SnapshotOf(*cache, plain));
  }

  static constexpr uint64_t kBits = 8 * 32 * kTokens;
};

INSTANTIATE_TEST_SUITE_P(Wrappers, CompressedSectionTest, ::testing::Values("ans", "zstd"),
                         [](const auto& test) { return test.param; });

TEST_P(CompressedSectionTest, ACodedBodyIsTheLengthOfTheSectionAndItsCode) {
  EXPECT_EQ(Body(), Varint(kBits) + Code());
  EXPECT_LT(Body().size(), PlainBody().size() / 4);
  EXPECT_THAT(RestoreBody(Body()), IsOk());
}

TEST_P(CompressedSectionTest, ASectionThatIsShorterInItsCodeIsNotToStandAsItIs) {
  const std::string body = std::string(1, '\0') + PlainBody();
  if (GetParam() == "ans") {
    EXPECT_THAT(RestoreBody(body),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("where its code is shorter")));
  } else {
    EXPECT_THAT(RestoreBody(body), IsOk());
  }
}

TEST_P(CompressedSectionTest, ACodeThatIsNotShorterIsDataLoss) {
  // 40 bytes where the section has 32.
  EXPECT_THAT(RestoreBody(Varint(8 * 32) + std::string(38, 'x')),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not shorter in its coded")));
}

TEST_P(CompressedSectionTest, ALengthHasOneSpelling) {
  std::string longer = Varint(kBits);
  longer.back() = static_cast<char>(longer.back() | 0x80);
  EXPECT_THAT(RestoreBody(longer + std::string(1, '\0') + Code()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("shorter spelling")));
  EXPECT_THAT(RestoreBody(std::string(9, '\x80') + Code()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("makes no sense")));
  EXPECT_THAT(RestoreBody(std::string(1, '\0')),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("shorter spelling")));
  EXPECT_THAT(RestoreBody("\x80"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("shorter than announced")));
}

TEST_P(CompressedSectionTest, ACodeOfAnotherLengthIsDataLoss) {
  for (const uint64_t bits : {kBits - 256, kBits + 256, kBits - 8, uint64_t{256}}) {
    EXPECT_THAT(RestoreBody(Varint(bits) + Code()), StatusIs(absl::StatusCode::kDataLoss, _))
        << bits;
  }
  EXPECT_THAT(RestoreBody(Body() + "x"), StatusIs(absl::StatusCode::kDataLoss, _));
  EXPECT_THAT(RestoreBody(Body().substr(0, Body().size() - 1)),
              StatusIs(absl::StatusCode::kDataLoss, _));
  EXPECT_THAT(RestoreBody(Varint(kBits)), StatusIs(absl::StatusCode::kDataLoss, _));
}

TEST_P(CompressedSectionTest, UnusedBitsOfACodedSectionAreDataLoss) {
  EXPECT_THAT(RestoreBody(Body(), 3), StatusIs(absl::StatusCode::kDataLoss, _));
}

TEST_P(CompressedSectionTest, WhatIsAnnouncedIsCheckedBeforeItIsDecoded) {
  // More tokens than the stream has, then more memory than there may be.
  EXPECT_THAT(RestoreBody(Varint(kBits + 256) + Code()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("101 rows in a stream of 100")));
  setup_.memory_limit_bytes = 32 * kTokens - 1;
  EXPECT_THAT(RestoreBody(Body()), StatusIs(absl::StatusCode::kResourceExhausted,
                                            HasSubstr("bytes of memory, allowed are")));
  setup_.memory_limit_bytes = int64_t{1} << 40;
  Container huge = ContainerOf(snapshot_);
  huge.tokens = uint64_t{1} << 53;
  huge.sections.front().body = Varint(uint64_t{1} << 55) + Code();
  EXPECT_THAT(Restore(huge.Build(), setup_),
              StatusIs(absl::StatusCode::kResourceExhausted, _));
}

TEST_P(CompressedSectionTest, AnnouncedBytesThatAreNotThereTakeNoTime) {
  Container huge = ContainerOf(snapshot_);
  huge.tokens = uint64_t{1} << 31;
  huge.sections.front().body = Varint(uint64_t{256} << 30) + Code();
  EXPECT_THAT(Restore(huge.Build(), setup_), StatusIs(absl::StatusCode::kDataLoss, _));
}

TEST_P(CompressedSectionTest, AChangedCodeIsDataLossOrTheStateOfItsOwnBytes) {
  std::mt19937_64 random(1);
  int states = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    Container changed = ContainerOf(snapshot_);
    std::string& body = changed.sections.front().body;
    for (uint64_t changes = random() % 3; changes > 0; --changes) {
      body[random() % body.size()] = static_cast<char>(random());
    }
    const auto restored = Restore(changed.Build(), setup_);
    if (!restored.ok()) {
      EXPECT_THAT(restored, AnyOf(StatusIs(absl::StatusCode::kDataLoss, _),
                                  StatusIs(absl::StatusCode::kResourceExhausted, _)));
      continue;
    }
    ++states;
    if (GetParam() != "ans") continue;
    EXPECT_EQ(SnapshotOf(**restored, setup_), changed.Build());
  }
  EXPECT_GT(states, 1000);
}

std::string Frame(const std::string& bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), 1));
  return frame;
}

class ZstdSectionTest : public CompressedSectionTest {};

INSTANTIATE_TEST_SUITE_P(Wrappers, ZstdSectionTest, ::testing::Values("zstd"),
                         [](const auto& test) { return test.param; });

TEST_P(ZstdSectionTest, FramesOfOtherEncodersAreRead) {
  EXPECT_THAT(RestoreBody(Varint(kBits) + Frame(PlainBody())), IsOk());
}

TEST_P(ZstdSectionTest, AFrameThatUnpacksToMoreIsStoppedThere) {
  const std::string bomb = Frame(std::string(size_t{64} << 20, '\0'));
  ASSERT_LT(bomb.size(), 10000);
  Container container = ContainerOf(snapshot_);
  container.tokens = 1000;
  container.sections.front().body = Varint(8 * 32 * 1000) + bomb;
  EXPECT_THAT(Restore(container.Build(), setup_), StatusIs(absl::StatusCode::kDataLoss, _));
}

TEST_P(ZstdSectionTest, TwoFramesOrASkippedOneAreDataLoss) {
  const std::string half = PlainBody().substr(0, 1600);
  EXPECT_THAT(RestoreBody(Varint(kBits) + Frame(half) + Frame(half)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("after the end of a zstd")));
  const std::string skipped = Bytes(0x184d2a50, 4) + Bytes(3, 4) + "abc";
  EXPECT_THAT(RestoreBody(Varint(kBits) + skipped + Code()),
              StatusIs(absl::StatusCode::kDataLoss, _));
}

// A window of 2^27 bytes that a section of a few kilobytes does not need.
TEST_P(ZstdSectionTest, ALongWindowIsRefusedBeforeItIsMade) {
  const std::string frame = Bytes(0xfd2fb528, 4) + Bytes(0, 1) + Bytes(17 << 3, 1) +
                            Bytes(1 | 1 << 1 | 3200 << 3, 3) + Bytes(0, 1);
  EXPECT_THAT(RestoreBody(Varint(kBits) + frame),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a zstd frame: ")));
}

}  // namespace
}  // namespace kvwire
