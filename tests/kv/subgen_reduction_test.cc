// SubGen on the reduction's own workload: L = 341 random rows of d = 64 bits under unit keys,
// queried at the paper's sharpness with n^2 = 1024 zero tokens present. The keys are farther
// apart than any useful delta, so every key is a cluster of its own and the partition
// function is exact: what is left is which rows were sampled. A row is missed with
// probability (1 - 1/L)^s = e^{-s/L}, and half of its bits are then read wrong.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

constexpr int64_t kRows = 341;
constexpr int64_t kDims = 64;
constexpr int64_t kZeros = 1024;
const double kSharpness = 2 * std::log(kRows + kZeros - 1) / 0.9;  // 2 ln N / (1 - eps)
constexpr int kDraws = 5;

// How a bit is read off an output row.
enum class Threshold {
  kOwn,     // half of the row's largest output: the answer's own normalisation
  kPublic,  // half of the real rows' mass, which Bob knows without her message
  kSign,    // of values -1 and +1
};

// The share of bits read wrong, of outputs for all rows.
double Errors(const Matrix& outputs, const Matrix& values, Threshold threshold) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < kRows; ++i) {
    double tau = 0;
    // The interference is below 1e-3 and the zero tokens weigh e^{-16}: half is 1/2.
    if (threshold == Threshold::kPublic) tau = 0.5;
    if (threshold == Threshold::kOwn) tau = outputs.row(i).maxCoeff() / 2;
    for (int64_t j = 0; j < kDims; ++j) wrong += (outputs(i, j) > tau) != (values(i, j) == 1);
  }
  return static_cast<double>(wrong) / static_cast<double>(kRows * kDims);
}

// Over draws of bits and coins.
double MeanErrors(const std::string& spec, Threshold threshold) {
  double sum = 0;
  for (uint64_t draw = 1; draw <= kDraws; ++draw) {
    CacheSetup setup = SetupWithFrame(spec, kDims, kRows);
    setup.seed = draw;
    if (threshold == Threshold::kSign) setup.encoding = ValueEncoding::kSigns;
    const Tokens tokens = FrameTokens(setup, draw);
    auto cache = NewCache(setup);
    EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
    EXPECT_THAT(cache->Append(ZeroScale(kZeros)), IsOk());
    const Matrix queries = tokens.keys * static_cast<float>(kSharpness);
    sum += Errors(Attended(*cache, queries), tokens.values, threshold);
  }
  return sum / kDraws;
}

std::string Spec(const std::string& delta, int64_t s) {
  return absl::StrCat("subgen:delta=", delta, ",s=", s, ",t=16");
}

TEST(SubgenReductionTest, ErrorIsHalfOfTheRowsThatWereNotSampled) {
  for (const int64_t s : {kRows / 4, kRows, 4 * kRows}) {
    const double law = 0.5 * std::exp(-static_cast<double>(s) / kRows);
    EXPECT_NEAR(MeanErrors(Spec("0.906", s), Threshold::kOwn), law, 0.015) << s;
    EXPECT_NEAR(MeanErrors(Spec("0.906", s), Threshold::kSign), law, 0.015) << s;
  }
}

// A row that was sampled c times comes out as about c L / s of what it is. Bob's public
// threshold then depends on c: with many samples a row hit seldom reads as zeros.
TEST(SubgenReductionTest, ThePublicThresholdMistakesRowsThatWereSampledSeldom) {
  EXPECT_NEAR(MeanErrors(Spec("0.906", kRows / 4), Threshold::kPublic), 0.389, 0.015);
  EXPECT_NEAR(MeanErrors(Spec("0.906", kRows), Threshold::kPublic), 0.184, 0.015);
  // Poisson(4) is at most 1, or 2 and below half by the value's norm.
  EXPECT_NEAR(MeanErrors(Spec("0.906", 4 * kRows), Threshold::kPublic), 0.078, 0.015);
}

// With delta = 1.6 there are a few clusters, and 16 keys of each must stand for hundreds: the
// partition function is off, all rows of an answer by their own factor. That moves the public
// threshold and not one that goes by the answer itself.
TEST(SubgenReductionTest, AWidePartitionIsAnErrorOfThePublicThresholdOnly) {
  const std::vector<double> at_public = {0.424, 0.288, 0.168};
  const std::vector<int64_t> samples = {kRows / 4, kRows, 4 * kRows};
  for (size_t i = 0; i < samples.size(); ++i) {
    const double law = 0.5 * std::exp(-static_cast<double>(samples[i]) / kRows);
    const std::string spec = Spec("1.6", samples[i]);
    EXPECT_NEAR(MeanErrors(spec, Threshold::kOwn), law, 0.015);
    EXPECT_NEAR(MeanErrors(spec, Threshold::kSign), law, 0.015);
    EXPECT_NEAR(MeanErrors(spec, Threshold::kPublic), at_public[i], 0.02);
  }
}

}  // namespace
}  // namespace kvwire
