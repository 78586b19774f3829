#include "common/kv/snapshot_inspection.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::StatusOr<SnapshotInspection> Inspect(std::string_view bytes,
                                           size_t piece = std::string_view::npos) {
  SnapshotInspector inspector;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    const absl::Status status = inspector.Append(part);
    if (!status.ok()) return status;
    bytes.remove_prefix(part.size());
  }
  return inspector.Finish();
}

// Of streaming:window=680 with d = 200, 300 tokens, tensor attention and three sections.
std::string HandMadeSnapshot() {
  Container container;
  container.flags = 1;
  container.dims = 200;
  container.tokens = 300;
  container.layers =
      Bytes(4, 1) + Bytes(1, 1) + Bytes(2, 1) + Bytes(3, 1) + "680" + Bytes(0, 1);
  container.sections = {{4, 3, Bytes(0x1fff, 2)}, {6, 0, std::string(144, 'n')}, {4, 0, ""}};
  return container.Build();
}

TEST(SnapshotInspectionTest, NamesEachFieldOfTheHeaderWithItsBytes) {
  const SnapshotInspection found = Inspect(HandMadeSnapshot()).value();
  std::vector<std::string> names;
  std::vector<std::string> values;
  std::string bytes;
  for (const SnapshotField& field : found.Fields()) {
    names.push_back(field.name);
    values.push_back(field.value);
    bytes += field.bytes;
  }
  const std::string crc = values.back();
  values.pop_back();
  EXPECT_THAT(names, testing::ElementsAre("magic", "version", "flags", "d", "tokens",
                                          "sections", "algorithm", "options of streaming",
                                          "option of streaming", "wrappers", "checksum"));
  EXPECT_THAT(values,
              testing::ElementsAre("KVWS", "2", "tensor attention, values of bits", "200",
                                   "300", "3", "4: streaming", "1", "window=680", "0"));
  EXPECT_THAT(crc, StartsWith("CRC32C "));
  EXPECT_EQ(found.header_bytes, 23);
  EXPECT_EQ(bytes, HandMadeSnapshot().substr(0, 23));
}

TEST(SnapshotInspectionTest, FindsEachSectionWhereItStands) {
  const SnapshotInspection found = Inspect(HandMadeSnapshot()).value();
  ASSERT_EQ(found.sections.size(), 3);
  const InspectedSection& codes = found.sections[0];
  EXPECT_EQ(codes.section.content, SectionContent::kCodes);
  EXPECT_EQ(codes.section.bits, 13);
  EXPECT_EQ(codes.offset, 23);
  EXPECT_EQ(codes.header_bytes, 2);
  EXPECT_EQ(codes.body_offset(), 25);
  EXPECT_EQ(codes.bytes(), 2 + 2 + 4);
  EXPECT_EQ(codes.checksum, NaiveCrc32c(HandMadeSnapshot().substr(23, 4)));
  const InspectedSection& norms = found.sections[1];
  EXPECT_EQ(norms.section.content, SectionContent::kNorms);
  EXPECT_EQ(norms.offset, 31);
  EXPECT_EQ(norms.header_bytes, 3);
  EXPECT_EQ(norms.section.bits, 8 * 144);
  EXPECT_EQ(found.sections[2].offset, 31 + 3 + 144 + 4);
  EXPECT_EQ(found.sections[2].section.bits, 0);
}

TEST(SnapshotInspectionTest, TotalsAddUpToTheSize) {
  const SnapshotInspection found = Inspect(HandMadeSnapshot()).value();
  EXPECT_EQ(found.bytes, static_cast<int64_t>(HandMadeSnapshot().size()));
  const std::vector<ContentTotal> totals = found.Totals();
  ASSERT_EQ(totals.size(), 2);
  EXPECT_EQ(totals[0].content, SectionContent::kCodes);
  EXPECT_EQ(totals[0].sections, 2);
  EXPECT_EQ(totals[0].bits, 13);
  EXPECT_EQ(totals[0].bytes, 2);
  EXPECT_EQ(totals[1].content, SectionContent::kNorms);
  EXPECT_EQ(totals[1].bits, 8 * 144);
  EXPECT_EQ(found.PayloadBits(), 13 + 8 * 144);
  EXPECT_EQ(found.ContainerBytes(), 23 + 2 + 3 + 2 + 3 * 4);
  EXPECT_EQ(found.ContainerBytes() + 2 + 144, found.bytes);
  EXPECT_EQ(found.Elements(), 2.0 * 300 * 400);
  EXPECT_EQ(found.BitsPerElement(), (13 + 8 * 144) / (2.0 * 300 * 400));
}

TEST(SnapshotInspectionTest, PayloadIsTheStateOfEveryAlgorithm) {
  for (const CacheCase& c : CasesOfAllAlgorithms({"streaming:scale=0.5,sinks=2,window=3"})) {
    const CacheSetup setup = SetupWithFrame(c, 6, 21);
    const auto cache = NewCache(setup);
    ASSERT_THAT(cache->Append(FrameTokens(setup, 1).Block()), IsOk()) << c.Name();
    const std::string snapshot = SnapshotOf(*cache, setup);
    const SnapshotInspection found = Inspect(snapshot).value();
    EXPECT_EQ(found.header.spec.ToString(), setup.spec.ToString());
    EXPECT_EQ(found.header.tokens, 21);
    EXPECT_EQ(found.PayloadBits(), cache->StateBits()) << c.Name();
    int64_t end = found.header_bytes;
    for (const InspectedSection& section : found.sections) {
      EXPECT_EQ(section.offset, end) << c.Name();
      end += section.bytes();
    }
    EXPECT_EQ(end, found.bytes);
    EXPECT_EQ(end, static_cast<int64_t>(snapshot.size()));
  }
}

TEST(SnapshotInspectionTest, CodedSectionsSayWhatTheyWereWithoutTheWrapper) {
  for (const std::string wrapper : {"+ans", "+zstd"}) {
    for (const std::string inner : {"exact", "float16", "bitplane"}) {
      const CacheSetup setup = SetupWithFrame(inner + wrapper, 6, 300);
      const auto plain = NewCache(SetupWithFrame(inner, 6, 300));
      const auto cache = NewCache(setup);
      ASSERT_THAT(cache->Append(FrameTokens(setup, 1).Block()), IsOk());
      ASSERT_THAT(plain->Append(FrameTokens(setup, 1).Block()), IsOk());
      for (size_t piece = 1; piece < 11; ++piece) {
        const SnapshotInspection found = Inspect(SnapshotOf(*cache, setup), piece).value();
        EXPECT_TRUE(found.IsCoded());
        EXPECT_EQ(found.sections[0].uncoded_bits, plain->StateBits());
        EXPECT_EQ(found.Totals()[0].uncoded_bits, plain->StateBits());
        EXPECT_EQ(found.PayloadBits(), cache->StateBits());
      }
    }
  }
}

TEST(SnapshotInspectionTest, IsTheSameWhateverThePieces) {
  const SnapshotInspection whole = Inspect(HandMadeSnapshot()).value();
  for (size_t piece = 1; piece < 40; ++piece) {
    const SnapshotInspection found = Inspect(HandMadeSnapshot(), piece).value();
    EXPECT_EQ(found.bytes, whole.bytes);
    ASSERT_EQ(found.sections.size(), whole.sections.size());
    for (size_t i = 0; i < whole.sections.size(); ++i) {
      EXPECT_EQ(found.sections[i].offset, whole.sections[i].offset);
      EXPECT_EQ(found.sections[i].checksum, whole.sections[i].checksum);
    }
  }
}

TEST(SnapshotInspectionTest, WithoutTokensThereAreNoBitsPerElement) {
  const CacheSetup setup = SetupOf("exact", 4);
  const auto found = Inspect(SnapshotOf(*NewCache(setup), setup));
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->BitsPerElement(), std::nullopt);
}

TEST(SnapshotInspectionTest, ATruncatedSnapshotIsDataLossAndSaysWhereItEnds) {
  const std::string bytes = HandMadeSnapshot();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(Inspect(bytes.substr(0, length)),
                StatusIs(absl::StatusCode::kDataLoss,
                         HasSubstr("too early: at byte " + std::to_string(length) + ", in ")));
  }
  EXPECT_THAT(Inspect(bytes.substr(0, 22)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("in its header")));
  EXPECT_THAT(Inspect(bytes.substr(0, 100)),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("in section 2 of 3, 78 bytes before the end of its body")));
}

TEST(SnapshotInspectionTest, AnyFlippedBitIsDataLossAtOrBehindIt) {
  const std::string bytes = HandMadeSnapshot();
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const absl::Status status = Inspect(flipped).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << bit;
    const std::string text(status.message());
    const size_t at = text.find("at byte ");
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_GE(std::stoul(text.substr(at + 8)), bit / 8) << text;
  }
}

TEST(SnapshotInspectionTest, AWrongChecksumIsNamedWithBothNumbers) {
  std::string bytes = HandMadeSnapshot();
  bytes[26] = static_cast<char>(bytes[26] ^ 4);
  EXPECT_THAT(Inspect(bytes),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(StartsWith("at byte 30: "), HasSubstr("section 1 of 3 says "))));
}

TEST(SnapshotInspectionTest, WhatIsNotASnapshotIsDataLossAtItsFirstWrongByte) {
  EXPECT_THAT(Inspect("KVWX, a text"),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(StartsWith("at byte 3: "), HasSubstr("not a snapshot"))));
  EXPECT_THAT(Inspect(""), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("at byte 0")));
  EXPECT_THAT(Inspect(HandMadeSnapshot() + "x"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("bytes after the end")));
}

}  // namespace
}  // namespace kvwire
