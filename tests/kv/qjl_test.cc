#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/counter_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

// Options that code every token at once and split off no channel.
constexpr char kPlain[] = "buffer=1,outliers=0,vbuffer=0";

TEST(QjlTest, StateIsTheDocumentedNumberOfBits) {
  struct Case {
    int64_t dims, buffer, group, m, mout, outliers, vbits, vbuffer, vgroup;
    int64_t channel_bits;  // ceil(log2 d)
  };
  for (const Case& c :
       {Case{128, 128, 32, 256, 256, 8, 2, 128, 32, 7},
        Case{128, 128, 32, 512, 128, 8, 2, 128, 32, 7}, Case{64, 4, 2, 70, 30, 3, 4, 5, 16, 6},
        Case{65, 6, 1, 33, 90, 1, 1, 0, 64, 7}, Case{3, 2, 2, 8, 4, 8, 2, 1, 2, 2},
        Case{2, 2, 1, 8, 4, 5, 2, 1, 2, 1}, Case{1, 2, 2, 8, 4, 8, 3, 0, 32, 0},
        Case{20, 5, 3, 9, 4, 0, 2, 0, 7, 5}}) {
    const CacheSetup setup =
        SetupOf(absl::StrCat("qjl:buffer=", c.buffer, ",group=", c.group, ",m=", c.m,
                             ",mout=", c.mout, ",outliers=", c.outliers, ",vbits=", c.vbits,
                             ",vbuffer=", c.vbuffer, ",vgroup=", c.vgroup),
                c.dims);
    const int64_t outliers = std::min(c.outliers, c.dims - 1);
    auto cache = NewCache(setup);
    for (int64_t n = 1; n <= 300; ++n) {
      ASSERT_THAT(cache->Append(NormalTokens(1, c.dims, 1).Block()), IsOk());
      const int64_t coded = n / c.buffer * c.buffer;
      const int64_t coded_values = std::max<int64_t>(0, n - c.vbuffer);
      int64_t bits = coded * (c.m + 16) + (n - coded) * 16 * c.dims;
      if (outliers > 0) {
        bits += coded * (c.mout + 16) + coded / c.group * outliers * c.channel_bits;
      }
      bits += coded_values * (c.vbits * c.dims + 32 * ((c.dims + c.vgroup - 1) / c.vgroup));
      bits += (n - coded_values) * 16 * c.dims;
      ASSERT_EQ(cache->StateBits(), bits) << n << " tokens, d = " << c.dims;
    }
  }
}

// At d = 128 the keys take 4.27 bits a number, in the first layers 5.27: not "3 bits".
TEST(QjlTest, TheAuthorsSettingsAreAllCounted) {
  for (const auto& [options, bits] :
       {std::pair<std::string, double>{"", 4.27}, {"m=512,mout=128,", 5.27}}) {
    const CacheSetup setup = SetupOf("qjl:" + options + "vbuffer=0", 128);
    const auto cache = Filled(setup, NormalTokens(1280, 128, 1));
    const double key_bits = static_cast<double>(cache->StateBits()) / (1280 * 128) - 3;
    EXPECT_NEAR(key_bits, bits, 0.01);
  }
}

// Gaussian rows as they are documented: draw i w + j.
double SketchEntry(uint64_t seed, int64_t width, int64_t i, int64_t j) {
  const CounterRng rng(seed, 0x73776f725f6c6a71);  // "qjl_rows"
  return rng.Normal(static_cast<uint64_t>(i * width + j));
}

// The estimate of a vector from its first `count` signs and its length.
Eigen::VectorXd NaiveEstimate(uint64_t seed, int64_t count, const Eigen::VectorXd& vector) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(vector.size());
  for (int64_t i = 0; i < count; ++i) {
    double product = 0;
    for (int64_t j = 0; j < vector.size(); ++j) {
      product += SketchEntry(seed, vector.size(), i, j) * vector[j];
    }
    for (int64_t j = 0; j < vector.size(); ++j) {
      sum[j] += (product > 0 ? 1 : -1) * SketchEntry(seed, vector.size(), i, j);
    }
  }
  return std::sqrt(std::numbers::pi / 2) / static_cast<double>(count) * vector.norm() * sum;
}

TEST(QjlTest, DecodesInliersAndOutliersAsDefined) {
  constexpr int64_t kDims = 7;
  constexpr uint64_t kSeed = 9;
  CacheSetup setup =
      SetupOf("qjl:buffer=8,group=4,m=50,mout=20,outliers=2,rows=gaussian", kDims);
  setup.seed = kSeed;
  Tokens tokens = NormalTokens(19, kDims, 2);
  // Halves, so that waiting rounds nothing.
  for (float& x : tokens.keys.reshaped()) x = std::round(64 * x) / 64;
  tokens.keys.col(5) *= 4;
  tokens.keys.middleRows(4, 4).col(1) *= 8;
  const Tokens decoded = DecodedTokens(*Filled(setup, tokens));
  const std::vector<std::pair<int64_t, int64_t>> outliers = {
      {5, -1}, {1, 5}, {5, -1}, {5, -1}};
  for (int64_t i = 0; i < 16; ++i) {
    const auto rows = tokens.keys.middleRows(i / 4 * 4, 4).cast<double>();
    // The two channels with the largest norms over the group.
    std::vector<std::pair<double, int64_t>> norms;
    for (int64_t j = 0; j < kDims; ++j) norms.emplace_back(-rows.col(j).norm(), j);
    std::sort(norms.begin(), norms.end());
    Eigen::VectorXd inlier = tokens.keys.row(i).cast<double>();
    Eigen::VectorXd outlier = Eigen::VectorXd::Zero(kDims);
    for (int rank = 0; rank < 2; ++rank) {
      std::swap(inlier[norms[rank].second], outlier[norms[rank].second]);
    }
    Eigen::VectorXd expected = NaiveEstimate(kSeed, 50, inlier);
    const Eigen::VectorXd apart = NaiveEstimate(kSeed, 20, outlier);
    for (int rank = 0; rank < 2; ++rank) {
      expected[norms[rank].second] = apart[norms[rank].second];
    }
    EXPECT_EQ(norms[0].second, outliers[i / 4].second == 5 ? 1 : 5);
    EXPECT_LT((decoded.keys.row(i).transpose().cast<double>() - expected).norm(),
              1e-3 * tokens.keys.row(i).norm())
        << i;
  }
  EXPECT_EQ(decoded.keys.bottomRows(3), tokens.keys.bottomRows(3));
}

TEST(QjlTest, OfEqualChannelsTheLowerOnesAreOutliers) {
  const CacheSetup setup = SetupOf("qjl:buffer=1,group=1,outliers=2,vbuffer=0", 6);
  Tokens tokens{Matrix::Ones(1, 6), Matrix::Ones(1, 6)};
  tokens.keys << 1, 2, -2, 2, 2, 2;
  const Container container = ContainerOf(SnapshotOf(*Filled(setup, tokens), setup));
  ASSERT_EQ(container.sections[2].content, 7);
  EXPECT_EQ(BitsAt(container.sections[2].body, 0, 3), 1u);
  EXPECT_EQ(BitsAt(container.sections[2].body, 3, 3), 2u);
}

TEST(QjlTest, TokensThatWaitAreThoseOfFloat16) {
  const Tokens tokens = NormalTokens(127, 10, 3);
  const Matrix queries = NormalMatrix(5, 10, 4);
  const Matrix rounded = Attended(*Filled(SetupOf("float16", 10), tokens), queries);
  EXPECT_LT(
      (Attended(*Filled(SetupOf("qjl", 10), tokens), queries) - rounded).cwiseAbs().maxCoeff(),
      1e-5);
  const Tokens more = NormalTokens(129, 10, 3);
  const Tokens decoded = DecodedTokens(*Filled(SetupOf("qjl", 10), more));
  EXPECT_GT((decoded.keys.row(127) - more.keys.row(127)).norm(), 0.01);
  EXPECT_LT((decoded.keys.row(128) - more.keys.row(128)).norm(), 0.003);
  EXPECT_GT((decoded.values.row(0) - more.values.row(0)).norm(), 0.01);
  EXPECT_LT((decoded.values.row(1) - more.values.row(1)).norm(), 0.003);
}

// Through the cache: the mean of the decoded key over sketches is the key.
TEST(QjlTest, DecodedKeysHaveNoBiasOverSeeds) {
  constexpr int kDraws = 4000;
  const Tokens tokens = {UnitRows(1, 12, 5), Matrix::Ones(1, 12)};
  for (const std::string options : {"rows=gaussian,outliers=0", "rows=orthogonal,outliers=0",
                                    "rows=orthogonal,outliers=3,mout=32"}) {
    CacheSetup setup = SetupOf("qjl:buffer=1,group=1,vbuffer=0,m=24," + options, 12);
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(12);
    for (int draw = 0; draw < kDraws; ++draw) {
      setup.seed = static_cast<uint64_t>(draw);
      mean += DecodedTokens(*Filled(setup, tokens)).keys.row(0).transpose().cast<double>();
    }
    mean /= kDraws;
    // A number has a variance of up to (pi / 2) / 24; binary16 lengths are off by 2^-12.
    const double deviation = std::sqrt(std::numbers::pi / 2 / 24 / kDraws);
    for (int64_t j = 0; j < 12; ++j) {
      EXPECT_NEAR(mean[j], tokens.keys(0, j), 4 * deviation + 3e-4) << options;
    }
  }
}

TEST(QjlTest, ComesNearExactAttentionWithManySigns) {
  const Tokens tokens = {UnitRows(200, 16, 5), NormalMatrix(200, 16, 6)};
  const Matrix queries = 2 * UnitRows(20, 16, 7);
  const Eigen::MatrixXd exact = NaiveAttention(queries, tokens.keys, tokens.values, 0);
  double before = 10;
  for (const int m : {16, 256, 4096, 65536}) {
    const CacheSetup setup = SetupOf(absl::StrCat("qjl:vbits=8,m=", m, ",", kPlain), 16);
    const Matrix answers = Attended(*Filled(setup, tokens), queries);
    const double error = (answers.cast<double>() - exact).norm() / exact.norm();
    EXPECT_LT(error, 0.5 * before) << m;
    before = error;
  }
  EXPECT_GT(before, 0.001);
  EXPECT_LT(before, 0.02);
}

TEST(QjlTest, AZeroKeyWithAValueDecodesToZero) {
  for (const std::string options : {"outliers=0", "outliers=1"}) {
    Tokens tokens = NormalTokens(4, 7, 6);
    tokens.keys.row(1).setZero();
    const CacheSetup setup = SetupOf("qjl:buffer=2,group=2,vbuffer=0," + options, 7);
    const Tokens decoded = DecodedTokens(*Filled(setup, tokens));
    EXPECT_EQ(decoded.keys.row(1).cwiseAbs().maxCoeff(), 0);
    EXPECT_GT(decoded.keys.row(0).cwiseAbs().maxCoeff(), 0);
    EXPECT_GT(decoded.values.row(1).cwiseAbs().maxCoeff(), 0);
  }
}

// 46318.5 sqrt(2) is 65504.3; at binary16 the numbers are 46304.
TEST(QjlTest, RefusesAKeyWhoseLengthBinary16CannotHoldAsItIsCoded) {
  Tokens tokens{Matrix::Constant(1, 2, 46318.5F), Matrix::Ones(1, 2)};
  EXPECT_THAT(
      NewCache(SetupOf(absl::StrCat("qjl:", kPlain), 2))->Append(tokens.Block()),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token 0: a vector of length")));
  EXPECT_THAT(NewCache(SetupOf("qjl", 2))->Append(tokens.Block()), IsOk());
  tokens.keys.setConstant(46320);  // 46336 at binary16
  EXPECT_THAT(NewCache(SetupOf("qjl", 2))->Append(tokens.Block()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("65504")));
}

TEST(QjlTest, ChannelsOutOfOrderOrRangeAndNegativeLengthsAreDataLoss) {
  const CacheSetup setup = SetupOf("qjl:buffer=2,group=1,outliers=2,vbuffer=0", 5);
  const Container good = ContainerOf(SnapshotOf(*Filled(setup, NormalTokens(2, 5, 8)), setup));
  ASSERT_EQ(good.sections[2].body.size(), 2u);
  const auto with_channels = [&](uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    Container changed = good;
    changed.sections[2].body = Bytes(a + 8 * b + 64 * c + 512 * d, 2);
    return Restore(changed.Build(), setup);
  };
  EXPECT_THAT(with_channels(0, 4, 2, 3), IsOk());
  EXPECT_THAT(with_channels(0, 5, 2, 3),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("outlier channel 5 of 5")));
  EXPECT_THAT(with_channels(0, 4, 3, 2),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("2 of 5 after 3")));
  EXPECT_THAT(with_channels(1, 1, 2, 3),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("1")));
  Container negative = good;
  negative.sections[1].body[7] ^= static_cast<char>(0x80);
  EXPECT_THAT(Restore(negative.Build(), setup),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("length 3 has a minus sign")));
}

TEST(QjlTest, RefusesOtherOptions) {
  for (const std::string options : {"m=0", "m=65537", "mout=0", "outliers=65", "vbits=0",
                                    "vbits=9", "buffer=0", "rows=haar", "vgroup=0"}) {
    EXPECT_THAT(ParseBuiltInSpec("qjl:" + options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(options.substr(0, options.find('=')))));
  }
  EXPECT_THAT(ParseBuiltInSpec("qjl:buffer=100"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("buffer=100 must be a multiple of group=32")));
  EXPECT_THAT(ParseBuiltInSpec("qjl:buffer=100,outliers=0"), IsOk());
  EXPECT_THAT(CreateCache(SetupOf("qjl:m=65536", 2000)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^26")));
}

}  // namespace
}  // namespace kvwire
