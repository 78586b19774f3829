#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/snapshot_input.h"
#include "tests/kv/setups.h"

namespace kvwire {
namespace {

constexpr int64_t kDims = 4;
constexpr int64_t kRows = 8;

// Options that make much happen within eight tokens, and the wrappers.
std::vector<CacheCase> Cases() {
  return CasesOfAllAlgorithms({"balancekv:block=2,sinks=0,window=1",
                               "bitplane+ans",
                               "exact+ans",
                               "exact:scale=rsqrt",
                               "float16+zstd",
                               "floor:error=0",
                               "h2o:heavy=1,recent=2,score=mean",
                               "kivi:group=2,residual=2",
                               "kivi:group=2,residual=2+window:recent=1",
                               "minicache:gamma=0.5",
                               "polarquant:deep=1,first=2,rotation=dense",
                               "q8_0+window:sinks=1,recent=1",
                               "qjl:buffer=1,m=12,outliers=0,vbuffer=0",
                               "qjl:buffer=2,group=1,m=9,mout=5,vbuffer=2",
                               "scalekv:budget=17",
                               "scatterbrain:features=2,window=1",
                               "scissorhands:budget=3,recent=1,history=12",
                               "skvq:scales=float8,sinks=0,window=0",
                               "skvq:sinks=1,window=1",
                               "snapkv:window=2,cap=3",
                               "streaming:sinks=1,window=2",
                               "streaming+ans",
                               "subgen-ratio:delta=1.5,t=2",
                               "subgen2:n=2,r=0",
                               "subgen4:delta=0.5,s=2,t=1",
                               "subgen:delta=0.5,s=2,t=2",
                               "turboquant+zstd",
                               "turboquant:bits=3,renormalize=yes,rotation=dense",
                               "uniform:budget=3,format=float16",
                               "zero+ans"});
}

// Eight tokens of the frame with bits as values, then two zero tokens.
Seed SeedOf(const CacheCase& c) {
  CacheSetup setup = SetupWithFrame(c, kDims, kRows);
  Matrix keys = Matrix::Ones(kRows, setup.row_width());
  setup.frame->Fill(0, keys.leftCols(kDims));
  Matrix values = Matrix::Ones(kRows, setup.row_width());
  const float zero = c.encoding == ValueEncoding::kSigns ? -1.0F : 0.0F;
  for (int64_t i = 0; i < kRows; ++i) values(i, i % kDims) = zero;
  const auto cache = CreateCache(setup).value();
  Seed seed{.name = c.Name(),
            .bytes = std::string(1, static_cast<char>(FirstByteOf(setup.spec)))};
  const TokenBlock blocks[] = {
      {.rows = kRows, .keys = keys.data(), .values = values.data()},
      {.rows = 2},
  };
  absl::Status status;
  for (const TokenBlock& block : blocks) status.Update(cache->Append(block));
  status.Update(WriteSnapshot(*cache, setup, [&seed](std::string_view piece) {
    seed.bytes.append(piece);
    return absl::OkStatus();
  }));
  RequireOk(status, seed.name);
  return seed;
}

}  // namespace

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const CacheCase& c : Cases()) seeds.push_back(SeedOf(c));
  // Those of default options that keep much are slow, and teach nothing that others do not.
  constexpr size_t kMostBytes = 800;
  std::erase_if(seeds, [](const Seed& seed) { return seed.bytes.size() > kMostBytes; });
  return seeds;
}

}  // namespace kvwire
