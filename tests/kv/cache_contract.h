#ifndef KVWIRE_TESTS_KV_CACHE_CONTRACT_H_
#define KVWIRE_TESTS_KV_CACHE_CONTRACT_H_

// What the tests of the contract of KvCache are run on: every built-in algorithm, and some
// with options that make much happen within 21 tokens.

#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/kv/caches.h"

namespace kvwire {

inline std::vector<CacheCase> ContractCases() {
  std::vector<CacheCase> cases =
      CasesOfAllAlgorithms({"streaming:sinks=2,window=3",
                            "streaming:sinks=0,window=9",
                            "streaming:sinks=5,window=0",
                            "streaming:evict=before,sinks=1,window=4",
                            "streaming:sinks=3,window=1300",
                            "exact:scale=rsqrt",
                            "qjl:buffer=4,group=2,vbuffer=3",
                            "qjl:buffer=1,outliers=0,rows=gaussian,vbuffer=0",
                            "polarquant:deep=1,first=2,rotation=dense",
                            "turboquant:bits=3,renormalize=yes,rotation=dense",
                            "balancekv:block=4,sinks=1,window=3",
                            "scatterbrain:features=5,window=3",
                            "subgen:clusters=4,delta=0.5,s=3,t=2",
                            "subgen-ratio:delta=1.5,t=2",
                            "subgen4:delta=0.5,s=3,t=2",
                            "subgen2:n=2,r=0",
                            "kivi:group=2,residual=4",
                            "kivi:bits=8,group=32,residual=512",
                            "skvq:sinks=2,window=3",
                            "skvq:scales=float8,sinks=0,window=0",
                            "q8_0+window:sinks=2,recent=3",
                            "kivi:group=3,residual=3+window:format=float16,recent=5",
                            "h2o:heavy=3,recent=2",
                            "h2o:heavy=0,recent=5,score=mean,format=float16",
                            "scissorhands:budget=8,recent=2,drop=3,history=40",
                            "scissorhands:budget=5,recent=0,mark=percentile",
                            "snapkv:window=3,cap=7",
                            "scalekv:budget=17",
                            "uniform:budget=5",
                            "uniform:budget=5,format=float16",
                            "minicache:gamma=0.3,t=0.25",
                            "minicache:gamma=1",
                            "minicache+window:sinks=2,recent=3",
                            "exact+ans",
                            "float16+zstd:level=9",
                            "streaming:sinks=2,window=3+ans",
                            "bitplane+zstd+ans"});
  // The one that reads values as bits.
  cases.push_back({"bitplane", AttentionKind::kOrdinary, ValueEncoding::kSigns});
  cases.push_back({"bitplane", AttentionKind::kTensor, ValueEncoding::kBits});
  return cases;
}

class CacheContractTest : public ::testing::TestWithParam<CacheCase> {
 protected:
  static constexpr int64_t kDims = 3;

  CacheSetup setup_ = SetupWithFrame(GetParam(), kDims, 21);
  const int64_t width_ = setup_.row_width();
  Tokens tokens_ = FrameTokens(setup_, 1);
  std::mt19937_64 random_{5};
  Matrix queries_ = RandomMatrix(7, kDims, random_);

  // The pyramid 1, 4, 16.
  std::unique_ptr<KvCache> Pyramid(int64_t rows_per_block = 1000) {
    auto cache = NewCache(setup_);
    int64_t first = 0;
    AppendScales(*cache, tokens_, first, {1, 4, 16}, rows_per_block);
    return cache;
  }
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_KV_CACHE_CONTRACT_H_
