// Snapshots that were cut, changed or made up: an error, never a crash or a wrong
// state, for every algorithm.

#include <string>
#include <vector>

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

class DamageTest : public ::testing::TestWithParam<CacheCase> {
 protected:
  CacheSetup setup_ = SetupWithFrame(GetParam(), 3, 6);
  std::string snapshot_ = MakeSnapshot();

  std::string MakeSnapshot() {
    auto cache = NewCache(setup_);
    EXPECT_THAT(cache->Append(FrameTokens(setup_, 1).Block(0, 5, true)), IsOk());
    EXPECT_THAT(cache->Append(ZeroScale(3)), IsOk());
    return SnapshotOf(*cache, setup_);
  }
};

INSTANTIATE_TEST_SUITE_P(
    Algorithms, DamageTest,
    ::testing::ValuesIn(CasesOfAllAlgorithms({"qjl:buffer=2,group=1,m=9,mout=5,vbuffer=2",
                                              "qjl:buffer=1,m=30,outliers=0,vbuffer=0",
                                              "balancekv:block=2,sinks=0,window=1",
                                              "scatterbrain:features=2,window=1",
                                              "subgen:delta=0.5,s=2,t=2",
                                              "subgen-ratio:delta=1.5,t=2",
                                              "subgen4:delta=0.5,s=2,t=1",
                                              "kivi:group=2,residual=2",
                                              "skvq:sinks=1,window=1",
                                              "skvq:scales=float8,sinks=0,window=0",
                                              "q8_0+window:sinks=1,recent=1",
                                              "h2o:heavy=1,recent=2,score=mean",
                                              "scissorhands:budget=3,recent=1,history=12",
                                              "snapkv:window=2,cap=3",
                                              "uniform:budget=3,format=float16",
                                              "minicache:gamma=0.5",
                                              "minicache+ans",
                                              "exact+ans",
                                              "streaming+ans",
                                              "float16+zstd"})),
    [](const auto& test) { return test.param.Name(); });

TEST_P(DamageTest, ATruncatedSnapshotIsDataLoss) {
  for (size_t length = 0; length < snapshot_.size(); ++length) {
    EXPECT_THAT(Restore(snapshot_.substr(0, length), setup_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends too early")));
  }
  EXPECT_THAT(Restore(snapshot_, setup_), IsOk());
}

TEST_P(DamageTest, AnyFlippedBitIsDataLoss) {
  for (size_t bit = 0; bit < 8 * snapshot_.size(); ++bit) {
    std::string flipped = snapshot_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    for (const size_t piece : {size_t{1}, snapshot_.size()}) {
      // A byte at a time is worth the time in small ones only.
      if (piece == 1 && snapshot_.size() > 2000) continue;
      EXPECT_THAT(Restore(flipped, setup_, piece), StatusIs(absl::StatusCode::kDataLoss, _))
          << bit;
    }
  }
}

// A length inside a body, once turned over, may announce more than the limit allows: that is
// damage all the same.
TEST_P(DamageTest, AnyFlippedBitIsDataLossUnderATightMemoryLimitToo) {
  if (setup_.spec.wrappers().empty()) GTEST_SKIP() << "no length inside a body";
  const auto restored = Restore(snapshot_, setup_).value();
  setup_.memory_limit_bytes = restored->StateBits() + 10000;
  ASSERT_THAT(Restore(snapshot_, setup_), IsOk());
  size_t body = 20;  // no header is shorter
  for (const Section& section : ContainerOf(snapshot_).sections) {
    body = snapshot_.find(section.body, body);
    for (size_t bit = 8 * body; bit < 8 * (body + section.body.size()); ++bit) {
      std::string flipped = snapshot_;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      EXPECT_THAT(Restore(flipped, setup_), StatusIs(absl::StatusCode::kDataLoss, _)) << bit;
    }
  }
}

TEST_P(DamageTest, TrailingBytesAreDataLoss) {
  for (const size_t piece : {size_t{1}, size_t{1000}}) {
    EXPECT_THAT(
        Restore(snapshot_ + std::string(1, '\0'), setup_, piece),
        StatusIs(absl::StatusCode::kDataLoss, HasSubstr("after the end of the snapshot")));
  }
}

TEST_P(DamageTest, RandomBytesAreDataLoss) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 2000; ++trial) {
    std::string bytes = snapshot_.substr(
        0, random() % 3 == 0 ? random() % std::min<size_t>(40, snapshot_.size()) : 0);
    const size_t length = random() % 200;
    while (bytes.size() < length) bytes.push_back(static_cast<char>(random()));
    EXPECT_THAT(Restore(bytes, setup_, 1 + random() % 50),
                AnyOf(StatusIs(absl::StatusCode::kDataLoss, _),
                      StatusIs(absl::StatusCode::kResourceExhausted, _)));
  }
}

// With right checksums, a body that was changed is either a state, and then it is the
// only spelling of it, or refused; and a state has an answer in finite numbers, or says
// that they overflow.
TEST_P(DamageTest, SealedRandomBodiesAreTheirOwnSnapshotOrDataLoss) {
  std::mt19937_64 random(4);
  const Container good = ContainerOf(snapshot_);
  const Matrix query = Matrix::Ones(1, setup_.dims);
  for (int trial = 0; trial < 5000; ++trial) {
    Container changed = good;
    changed.tokens = trial % 2 == 0 ? good.tokens : random() % 9;
    for (Section& section : changed.sections) {
      if (random() % 3 == 0) section.body.resize(random() % 100);
      if (random() % 9 == 0) section.unused_bits = static_cast<int>(random() % 8);
      const uint64_t flips = random() % 4;
      for (uint64_t i = 0; i < flips && !section.body.empty(); ++i) {
        section.body[random() % section.body.size()] =
            static_cast<char>(random() % 2 == 0 ? 0 : random());
      }
    }
    auto restored = Restore(changed.Build(), setup_);
    if (!restored.ok()) {
      EXPECT_TRUE(restored.status().code() == absl::StatusCode::kDataLoss ||
                  restored.status().code() == absl::StatusCode::kResourceExhausted)
          << restored.status();
      continue;
    }
    // All that is known of a frame of zstd is what it unpacks to.
    if (setup_.spec.ToString().find("+zstd") == std::string::npos) {
      EXPECT_EQ(SnapshotOf(**restored, setup_), changed.Build());
    }
    if ((*restored)->tokens() == 0) continue;
    Matrix out(1, setup_.dims);
    const absl::Status attended = (*restored)->Attend(query, out);
    EXPECT_TRUE(attended.ok() ? out.allFinite()
                              : attended.code() == absl::StatusCode::kOutOfRange)
        << attended;
  }
  EXPECT_THAT(Restore(good.Build(), setup_), IsOk());
}

TEST_P(DamageTest, AnAnnouncedLengthIsCheckedBeforeMemoryIsTaken) {
  Container huge = ContainerOf(snapshot_);
  huge.tokens = uint64_t{1} << 53;
  if (huge.sections.empty()) GTEST_SKIP() << "no section";
  for (const int unused_bits : {0, 1, 4}) {
    const std::string bytes =
        huge.Header() +
        Bytes(static_cast<uint64_t>(32 * unused_bits + huge.sections.front().content), 1) +
        Varint(uint64_t{3} << 52);
    auto reader = SnapshotReader::Create(setup_).value();
    EXPECT_THAT(reader->Append(bytes),
                AnyOf(StatusIs(absl::StatusCode::kDataLoss, _),
                      StatusIs(absl::StatusCode::kResourceExhausted, _)));
  }
}

TEST_P(DamageTest, ASnapshotOverTheMemoryLimitIsRefused) {
  const auto restored = Restore(snapshot_, setup_).value();
  // A wrapper may have added a byte to each section.
  const auto added_bytes =
      static_cast<int64_t>(setup_.spec.wrappers().size() * restored->Sections().size());
  const int64_t state_bytes = (restored->StateBits() + 7) / 8 - added_bytes;
  if (state_bytes < 2) GTEST_SKIP() << "a state of no size";
  setup_.frame.reset();
  if (!CreateCache(setup_).ok()) setup_ = SetupWithFrame(GetParam(), 3, 6);
  setup_.memory_limit_bytes = state_bytes - 1;
  EXPECT_THAT(Restore(snapshot_, setup_), StatusIs(absl::StatusCode::kResourceExhausted,
                                                   HasSubstr("bytes of memory, allowed are")));
}

TEST_P(DamageTest, TheCacheItselfRefusesSectionsOutOfOrder) {
  const auto pristine = Restore(snapshot_, setup_).value();
  const std::vector<SnapshotSection> sections = pristine->Sections();
  if (sections.empty()) GTEST_SKIP() << "no section";
  auto missing = NewCache(setup_);
  EXPECT_THAT(missing->EndRestore(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing")));
  const SnapshotSection section = sections.front();
  const std::string body = ContainerOf(snapshot_).sections.front().body;
  auto longer = NewCache(setup_);
  ASSERT_THAT(longer->BeginSection(8, section), IsOk());
  EXPECT_THAT(longer->RestoreBytes(body + "x"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("longer than announced")));
  auto surplus = NewCache(setup_);
  for (size_t i = 0; i < sections.size(); ++i) {
    ASSERT_THAT(surplus->BeginSection(8, sections[i]), IsOk());
    ASSERT_THAT(surplus->RestoreBytes(ContainerOf(snapshot_).sections[i].body), IsOk());
  }
  EXPECT_THAT(surplus->BeginSection(8, sections.back()),
              StatusIs(absl::StatusCode::kDataLoss, _));
  if (body.empty()) return;
  auto shorter = NewCache(setup_);
  ASSERT_THAT(shorter->BeginSection(8, section), IsOk());
  EXPECT_THAT(
      sections.size() == 1 ? shorter->EndRestore() : shorter->BeginSection(8, sections[1]),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("shorter than announced")));
}

}  // namespace
}  // namespace kvwire
