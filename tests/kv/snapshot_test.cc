#include "common/kv/snapshot.h"

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/format_example.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(SnapshotTest, IsTheContainerOfTheFormatsText) {
  EXPECT_EQ(SnapshotOf(*ExampleCache(), ExampleSetup()), Example().Build());
  EXPECT_EQ(Example().Build().size(), 22 + 8);
}

TEST(SnapshotTest, FormatTextShowsTheBytesOfItsExample) {
  std::ifstream file(KVWIRE_FORMAT_MD);
  std::string text;
  // The hexadecimal column of the example: lines "| hex bytes | meaning |".
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream bytes(line.substr(3, line.find('`', 3) - 3));
    for (std::string byte; bytes >> byte;) text += byte;
  }
  EXPECT_EQ(text, absl::BytesToHexString(SnapshotOf(*ExampleCache(), ExampleSetup())));
}

TEST(SnapshotTest, ChecksTheMagic) {
  Container container = Example();
  container.magic = "KVWT";
  EXPECT_THAT(Restore(container.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a snapshot")));
}

TEST(SnapshotTest, ChecksTheChecksumOfTheHeader) {
  std::string bytes = Example().Build();
  bytes[12] = static_cast<char>(bytes[12] ^ 1);
  EXPECT_THAT(
      Restore(bytes, ExampleSetup()),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checksum of the snapshot's header")));
}

TEST(SnapshotTest, ChecksTheChecksumOfASection) {
  std::string bytes = Example().Build();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_THAT(Restore(bytes, ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checksum of a section")));
}

TEST(SnapshotTest, RefusesAnUnknownVersionOrFlag) {
  for (const uint64_t version : {0, 1, 3, 255}) {
    Container container = Example();
    container.version = version;
    EXPECT_THAT(
        Restore(container.Build(), ExampleSetup()),
        StatusIs(absl::StatusCode::kDataLoss,
                 HasSubstr("version " + std::to_string(version) + ", known is only 2")));
  }
  for (uint64_t flags = 4; flags < 256; ++flags) {
    Container container = Example();
    container.flags = flags;
    EXPECT_THAT(Restore(container.Build(), ExampleSetup()),
                StatusIs(absl::StatusCode::kDataLoss,
                         HasSubstr("flags " + std::to_string(flags) + ", known are 0 to 3")));
  }
}

TEST(SnapshotTest, TheFlagsSayTheKindOfAttentionAndOfValues) {
  // In tensor attention the four numbers of the example are a token of d = 1.
  const float key[] = {1, -2};
  const float value[] = {0.5, 0};
  for (const CacheSetup& setup : KindsOf(SetupOf("float16", 1))) {
    const bool tensor = setup.attention == AttentionKind::kTensor;
    Container container = Example();
    container.dims = tensor ? 1 : 2;
    container.tokens = 1;
    container.flags = (tensor ? 1 : 0) + (setup.encoding == ValueEncoding::kSigns ? 2 : 0);
    CacheSetup sized = setup;
    sized.dims = tensor ? 1 : 2;
    auto cache = NewCache(sized);
    ASSERT_THAT(cache->Append({1, nullptr, key, value, true}), IsOk());
    EXPECT_EQ(SnapshotOf(*cache, sized), container.Build());
    EXPECT_THAT(Restore(container.Build(), sized), IsOk());
  }
}

TEST(SnapshotTest, RefusesAnotherKindAndNamesBoth) {
  const std::string names[] = {
      "ordinary attention, values of bits", "ordinary attention, values of signs",
      "tensor attention, values of bits", "tensor attention, values of signs"};
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    const std::string spec(algorithm.name);
    if (algorithm.attention != AttentionSupport::kBoth) continue;
    const std::vector<CacheSetup> kinds = KindsOf(SetupWithFrame(spec, 4, 3));
    for (size_t from = 0; from < kinds.size(); ++from) {
      auto cache = NewCache(kinds[from]);
      ASSERT_THAT(cache->Append(FrameTokens(kinds[from], 1).Block()), IsOk());
      const std::string snapshot = SnapshotOf(*cache, kinds[from]);
      for (size_t to = 0; to < kinds.size(); ++to) {
        const auto restored = Restore(snapshot, kinds[to]);
        if (to == from) {
          EXPECT_THAT(restored, IsOk());
          continue;
        }
        EXPECT_THAT(restored, StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("another kind: " + names[from] +
                                                 ", expected " + names[to])));
      }
    }
  }
}

TEST(SnapshotTest, RefusesAnotherAlgorithmAndNamesBoth) {
  Container container = Example();
  container.layers = Bytes(1, 1) + Bytes(0, 2);
  EXPECT_THAT(Restore(container.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("another algorithm: exact, expected float16")));
}

TEST(SnapshotTest, RefusesAlgorithmsWrappersAndOptionsThatItDoesNotKnow) {
  Container container = Example();
  container.layers = Bytes(200, 1) + Bytes(0, 2);
  EXPECT_THAT(
      Restore(container.Build(), ExampleSetup()),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("number 200, which is not known")));
  container.layers = Bytes(2, 1) + Bytes(0, 1) + Bytes(1, 1) + Bytes(200, 1) + Bytes(0, 1);
  EXPECT_THAT(
      Restore(container.Build(), ExampleSetup()),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("number 200, which is not known")));
  for (const uint64_t option : {0, 1, 127, 129, 255}) {
    container.layers =
        Bytes(2, 1) + Bytes(1, 1) + Bytes(option, 1) + Bytes(1, 1) + "2" + Bytes(0, 1);
    EXPECT_THAT(
        Restore(container.Build(), ExampleSetup()),
        StatusIs(absl::StatusCode::kDataLoss,
                 HasSubstr("option number " + std::to_string(option) + " of float16")));
  }
}

TEST(SnapshotTest, RefusesASecondSpellingOfItsHeader) {
  const auto refusal =
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not spelled in the one way"));
  Container container = Example();
  // The common option scale at its default.
  container.layers =
      Bytes(2, 1) + Bytes(1, 1) + Bytes(128, 1) + Bytes(1, 1) + "1" + Bytes(0, 1);
  EXPECT_THAT(Restore(container.Build(), ExampleSetup()), refusal);
  // A length of two bytes where one does.
  const std::string good = Example().Header();
  const std::string longer =
      good.substr(0, 6) + Bytes(128 + 2, 1) + Bytes(0, 1) + good.substr(7, good.size() - 11);
  EXPECT_THAT(Restore(longer + Bytes(NaiveCrc32c(longer), 4), ExampleSetup()), refusal);
}

TEST(SnapshotTest, RefusesASecondSpellingOfALength) {
  const std::string header = Example().Header();
  const std::string body = Example().sections.front().body;
  const std::string section = Bytes(2, 1) + Bytes(128 + 8, 1) + Bytes(0, 1) + body;
  EXPECT_THAT(Restore(header + section + Bytes(NaiveCrc32c(section), 4), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not spelled in the one way")));
  const std::string endless = Bytes(2, 1) + std::string(8, '\xff');
  EXPECT_THAT(Restore(header + endless, ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("length makes no sense")));
}

TEST(SnapshotTest, RefusesAnotherDAndNamesBoth) {
  Container container = Example();
  container.dims = 4;
  EXPECT_THAT(
      Restore(container.Build(), ExampleSetup()),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another d: 4, expected 2")));
}

TEST(SnapshotTest, NamesTheOptionsOfBothWhereTheyDiffer) {
  const CacheSetup narrow = SetupOf("streaming:window=3", 2);
  const CacheSetup wide = SetupOf("streaming:scale=rsqrt,window=5", 2);
  EXPECT_THAT(Restore(SnapshotOf(*NewCache(narrow), narrow), wide),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("another choice of options: streaming:window=3, expected "
                                 "streaming:scale=rsqrt,window=5")));
}

TEST(SnapshotTest, WritesOptionsByNumberInOrderOfNumber) {
  const CacheSetup setup = SetupOf("streaming:scale=rsqrt,evict=before,window=5", 2);
  EXPECT_EQ(ContainerOf(SnapshotOf(*NewCache(setup), setup)).layers,
            Bytes(4, 1) + Bytes(3, 1) + Bytes(0, 1) + Bytes(6, 1) + "before" + Bytes(2, 1) +
                Bytes(1, 1) + "5" + Bytes(128, 1) + Bytes(5, 1) + "rsqrt" + Bytes(0, 1));
}

TEST(SnapshotTest, DefaultOptionsSaidOrNotAreTheSameSnapshot) {
  const CacheSetup absent = SetupOf("streaming", 2);
  CacheSetup said = absent;
  said.spec.Set("window", "64");
  EXPECT_THAT(Restore(SnapshotOf(*NewCache(said), said), absent), IsOk());
}

// A header is read again with each byte that comes, so one without an end must have one.
TEST(SnapshotTest, RefusesAHeaderThatIsLongerThanAny) {
  Container container = Example();
  container.layers = Bytes(2, 1) + Bytes(65, 1);
  const auto reader = SnapshotReader::Create(ExampleSetup()).value();
  const std::string header = container.Header();
  EXPECT_THAT(reader->Append(header.substr(0, header.size() - 4)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("header makes no sense")));
  container.layers = Bytes(2, 1) + Bytes(64, 1);
  for (int option = 0; option < 4; ++option) {
    container.layers += Bytes(0, 1) + Bytes(255, 1) + std::string(255, 'x');
  }
  EXPECT_THAT(SnapshotReader::Create(ExampleSetup()).value()->Append(container.Header()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("header makes no sense")));
}

TEST(SnapshotTest, RefusesMoreTokensThanACacheTakes) {
  Container container = Example();
  container.tokens = uint64_t{1} << 53;
  EXPECT_THAT(Restore(container.Build(), ExampleSetup()), IsOk());
  for (const uint64_t tokens : {(uint64_t{1} << 53) + 1, (uint64_t{1} << 56) - 1}) {
    container.tokens = tokens;
    EXPECT_THAT(Restore(container.Build(), ExampleSetup()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a stream of")));
  }
  container.tokens = uint64_t{1} << 56;
  EXPECT_THAT(Restore(container.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("header makes no sense")));
}

TEST(SnapshotTest, RefusesMissingSurplusAndForeignSections) {
  Container missing = Example();
  missing.sections.clear();
  EXPECT_THAT(Restore(missing.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing")));
  Container surplus = Example();
  surplus.sections.push_back(surplus.sections.front());
  EXPECT_THAT(Restore(surplus.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("where none of that kind")));
  Container foreign = Example();
  foreign.sections.front().content = 4;
  EXPECT_THAT(Restore(foreign.Build(), ExampleSetup()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a section of codes")));
  for (const int content : {0, 12, 31}) {
    foreign.sections.front().content = content;
    EXPECT_THAT(Restore(foreign.Build(), ExampleSetup()),
                StatusIs(absl::StatusCode::kDataLoss,
                         HasSubstr("content " + std::to_string(content) + ", which is not")));
  }
}

}  // namespace
}  // namespace kvwire
