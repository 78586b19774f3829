// The bytes of every algorithm, kept as files: the same on any compiler and machine, and
// readable for good. A change here is a change of format, and needs a new code or a new
// version. A new algorithm's file is written by this test, run with KVWIRE_WRITE_GOLDEN=1.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

CacheSetup GoldenSetup(const CacheCase& c) {
  CacheSetup setup = SetupWithFrame(c, 16, 21);
  setup.frame = KeyFrame::Create(KeyFrameKind::kCode, 0, 21, 16).value();
  return setup;
}

// Three scales of 21 tokens with keys +-1/4 and a scale of three zero tokens.
std::string GoldenSnapshot(const CacheCase& c) {
  const CacheSetup setup = GoldenSetup(c);
  const Tokens tokens = FrameTokens(setup, 2026);
  auto cache = NewCache(setup);
  int64_t first = 0;
  AppendScales(*cache, tokens, first, {1, 4, 16}, 6);
  EXPECT_EQ(cache->Append(ZeroScale(3)), absl::OkStatus());
  return SnapshotOf(*cache, setup);
}

std::string FileOf(const CacheCase& c) {
  return std::string(KVWIRE_GOLDEN) + "/" + c.Name() + ".kvws";
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class GoldenTest : public ::testing::TestWithParam<CacheCase> {
 protected:
  void SetUp() override {
    if (std::getenv("KVWIRE_WRITE_GOLDEN") == nullptr || std::ifstream(FileOf(GetParam()))) {
      return;
    }
    std::ofstream(FileOf(GetParam()), std::ios::binary) << GoldenSnapshot(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Algorithms, GoldenTest,
                         ::testing::ValuesIn(CasesOfAllAlgorithms(
                             {"streaming:evict=before,sinks=1,window=6",
                              "streaming:sinks=2,window=5",
                              "exact:scale=rsqrt",
                              "qjl:buffer=4,group=2,m=40,mout=20,vbuffer=6",
                              "qjl:buffer=1,m=24,outliers=0,rows=gaussian,vbuffer=0",
                              "polarquant:deep=3,first=5,rotation=dense",
                              "turboquant:bits=2,renormalize=yes,rotation=dense",
                              "kivi:bits=3,group=4,residual=8",
                              "skvq:sinks=1,window=4",
                              "skvq:group=5,scales=float8,sinks=0,window=0",
                              "q8_0+window:recent=6,sinks=2",
                              "kivi:group=2,residual=4+window:format=float16,recent=3",
                              "h2o:heavy=3,recent=2",
                              "h2o:heavy=3,recent=2,score=mean,format=float16",
                              "scissorhands:budget=8,recent=2,drop=3,history=40",
                              "snapkv:window=3,cap=7",
                              "scalekv:budget=17",
                              "uniform:budget=5",
                              "balancekv:block=4,sinks=2,window=3",
                              "scatterbrain:features=5,window=3",
                              "minicache:gamma=0.3,t=0.25",
                              "exact+ans",
                              "bitplane+ans"})),
                         [](const auto& test) { return test.param.Name(); });

TEST_P(GoldenTest, SnapshotsKeepTheirBytes) {
  EXPECT_TRUE(GoldenSnapshot(GetParam()) == Contents(FileOf(GetParam())))
      << FileOf(GetParam()) << " is missing or has other bytes";
}

TEST_P(GoldenTest, FilesStayReadable) {
  const CacheSetup setup = GoldenSetup(GetParam());
  const std::string file = Contents(FileOf(GetParam()));
  const auto cache = Restore(file, setup);
  ASSERT_THAT(cache, IsOk());
  EXPECT_EQ((*cache)->tokens(), 24);
  EXPECT_TRUE(SnapshotOf(**cache, setup) == file);
  EXPECT_TRUE(Attended(**cache, Matrix::Ones(2, 16)).allFinite());
}

// The bits and their place in the body do not depend on what they are written as.
TEST(BitplaneGoldenTest, KindsDifferInTheHeaderOnly) {
  const Container bits = ContainerOf(GoldenSnapshot({"bitplane"}));
  for (const auto attention : {AttentionKind::kOrdinary, AttentionKind::kTensor}) {
    for (const auto encoding : {ValueEncoding::kBits, ValueEncoding::kSigns}) {
      Container kind = bits;
      kind.flags = (attention == AttentionKind::kTensor ? 1 : 0) +
                   (encoding == ValueEncoding::kSigns ? 2 : 0);
      EXPECT_EQ(GoldenSnapshot({"bitplane", attention, encoding}), kind.Build());
    }
  }
}

}  // namespace
}  // namespace kvwire
