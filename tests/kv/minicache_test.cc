#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/container.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/naive_layer_merge.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<KvCache> CacheOfScales(const CacheSetup& setup, const Tokens& tokens,
                                       const std::vector<int64_t>& scales) {
  auto cache = NewCache(setup);
  int64_t first = 0;
  AppendScales(*cache, tokens, first, scales, 5);
  // Closes the last scale.
  EXPECT_THAT(cache->Append(ZeroScale(0)), IsOk());
  return cache;
}

// Which keys, section 0, or values, section 4, a snapshot keeps whole.
std::vector<bool> WholeOf(const KvCache& cache, const CacheSetup& setup, size_t section) {
  const std::string flags = ContainerOf(SnapshotOf(cache, setup)).sections[section].body;
  std::vector<bool> whole;
  for (int64_t i = 0; i < cache.Sections()[section].bits; ++i) {
    whole.push_back(BitsAt(flags, static_cast<size_t>(i), 1) != 0);
  }
  return whole;
}

TEST(MinicacheTest, StateIsTheDocumentedNumberOfBits) {
  struct Case {
    const char* options;
    int64_t millionths;
  };
  for (const Case& c : {Case{"", 50000}, Case{":gamma=0", 0}, Case{":gamma=1", 1000000},
                        Case{":gamma=0.29,t=0", 290000}, Case{":gamma=0.999999", 999999}}) {
    for (const int64_t dims : {1, 2, 3, 8, 64, 65}) {
      for (const int64_t scale : {1, 3, 16, 100}) {
        const CacheSetup setup = SetupOf(absl::StrCat("minicache", c.options), dims);
        auto cache = NewCache(setup);
        for (int64_t n = scale; n <= 300; n += scale) {
          ASSERT_THAT(cache->Append(NormalTokens(scale, dims, 1).Block()), IsOk());
          ASSERT_THAT(cache->Append(ZeroScale(2)), IsOk());
          const int64_t k = n * c.millionths / 1000000;
          const int64_t half = n + 32 * dims * k + 32 * ((dims + 1) / 2 + 2) * (n - k);
          ASSERT_EQ(cache->StateBits(), 2 * half) << n << " tokens, d = " << dims;
        }
      }
    }
  }
}

// Scales of random sizes with a few zero keys and zero layers among them.
struct RandomStream {
  Tokens tokens;
  std::vector<int64_t> scales;

  RandomStream(int64_t dims, uint64_t seed) {
    std::mt19937_64 random(seed);
    int64_t count = 0;
    for (uint64_t i = 1 + random() % 12; i > 0; --i) {
      scales.push_back(static_cast<int64_t>(1 + random() % (random() % 2 == 0 ? 40 : 3)));
      count += scales.back();
    }
    tokens = NormalTokens(count, dims, seed);
    // Layers at all angles.
    const int64_t half = dims / 2;
    for (int64_t i = 0; i < count; ++i) {
      const float mix = static_cast<float>(random() % 5);
      tokens.keys.row(i).tail(half) += mix * tokens.keys.row(i).head(half);
      tokens.values.row(i).tail(half) -= mix * tokens.values.row(i).head(half);
      if (random() % 10 == 0) tokens.keys.row(i).setZero();
      if (random() % 10 == 0) tokens.values.row(i).head(half).setZero();
    }
  }
};

void ExpectMerged(const Matrix& rows, const Matrix& decoded, const std::vector<bool>& whole,
                  double t) {
  ASSERT_EQ(rows.rows(), decoded.rows());
  for (int64_t i = 0; i < rows.rows(); ++i) {
    if (whole[static_cast<size_t>(i)]) {
      ASSERT_EQ(decoded.row(i), rows.row(i)) << i;
      continue;
    }
    const Eigen::VectorXd row = rows.row(i).transpose().cast<double>();
    const Eigen::VectorXd error =
        decoded.row(i).transpose().cast<double>() - NaiveMerged(row, t);
    ASSERT_LE(error.norm(), 1e-6 * row.norm()) << i;
  }
}

TEST(MinicacheTest, KeepsTheTokensFurthestApartAndMergesTheOthersAsDefined) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    for (const int64_t dims : {4, 5, 16}) {
      const RandomStream stream(dims, seed);
      for (const int64_t percent : {0, 5, 29, 50, 100}) {
        const double t = static_cast<double>(seed % 5) / 4;
        const std::string gamma = percent == 100  ? "1"
                                  : percent == 0  ? "0"
                                  : percent == 50 ? "0.5"
                                  : percent == 5  ? "0.05"
                                                  : "0.29";
        const char* const t_text[] = {"0", "0.25", "0.5", "0.75", "1"};
        const CacheSetup setup =
            SetupOf(absl::StrCat("minicache:gamma=", gamma, ",t=", t_text[seed % 5]), dims);
        const auto cache = CacheOfScales(setup, stream.tokens, stream.scales);
        const Tokens decoded = DecodedTokens(*cache);
        ExpectMerged(stream.tokens.keys, decoded.keys,
                     NaiveWhole(stream.tokens.keys, stream.scales, 10000 * percent), t);
        ExpectMerged(stream.tokens.values, decoded.values,
                     NaiveWhole(stream.tokens.values, stream.scales, 10000 * percent), t);
      }
    }
  }
}

TEST(MinicacheTest, AGammaOfOneIsExactBitForBit) {
  const CacheSetup setup = SetupOf("minicache:gamma=1", 10);
  Tokens tokens = NormalTokens(50, 10, 4);
  tokens.keys(7, 3) = -0.0F;
  tokens.values(9, 0) = 1e-45F;
  const Tokens decoded = DecodedTokens(*CacheOfScales(setup, tokens, {1, 9, 40}));
  const size_t bytes = 50 * 10 * sizeof(float);
  EXPECT_EQ(std::memcmp(decoded.keys.data(), tokens.keys.data(), bytes), 0);
  EXPECT_EQ(std::memcmp(decoded.values.data(), tokens.values.data(), bytes), 0);
}

// Independent layers are at right angles, and their shared direction is 0.6 of that away from
// the lower one: 1 - (cos 54 + cos 36)/2 times 2 of the squared length is lost.
TEST(MinicacheTest, AGammaOfZeroMergesAll) {
  const CacheSetup setup = SetupOf("minicache:gamma=0", 512);
  const Tokens tokens = NormalTokens(50, 512, 4);
  const auto cache = CacheOfScales(setup, tokens, {1, 9, 40});
  EXPECT_EQ(cache->Sections()[1].bits, 0);
  EXPECT_EQ(cache->Sections()[5].bits, 0);
  const double error = RelativeSquaredError(tokens.keys, DecodedTokens(*cache).keys);
  EXPECT_GT(error, 0.58);
  EXPECT_LT(error, 0.63);
}

TEST(MinicacheTest, IdenticalLayersComeBackToWithinRounding) {
  const CacheSetup setup = SetupOf("minicache", 32);
  Tokens tokens = NormalTokens(100, 32, 4);
  tokens.keys.rightCols(16) = tokens.keys.leftCols(16);
  tokens.values.rightCols(16) = 3 * tokens.values.leftCols(16);
  const Tokens decoded = DecodedTokens(*CacheOfScales(setup, tokens, {1, 19, 80}));
  EXPECT_LT(((decoded.keys - tokens.keys).array() / tokens.keys.array()).abs().maxCoeff(),
            3e-7);
  EXPECT_LT(
      ((decoded.values - tokens.values).array() / tokens.values.array()).abs().maxCoeff(),
      3e-7);
}

TEST(MinicacheTest, OfEqualAnglesTheOldestStaysWhole) {
  const CacheSetup setup = SetupOf("minicache:gamma=0.4", 2);
  Tokens tokens{Matrix::Ones(10, 2), Matrix::Ones(10, 2)};
  tokens.keys.row(8) << 1, -1;
  const auto cache = CacheOfScales(setup, tokens, {10});
  std::vector<bool> keys(10);
  keys[0] = keys[1] = keys[2] = keys[8] = true;
  EXPECT_EQ(WholeOf(*cache, setup, 0), keys);
  std::vector<bool> values(10);
  values[0] = values[1] = values[2] = values[3] = true;
  EXPECT_EQ(WholeOf(*cache, setup, 4), values);
}

TEST(MinicacheTest, ScalesOfOneTokenKeepEveryTwentiethWhole) {
  const CacheSetup setup = SetupOf("minicache", 4);
  const auto cache =
      CacheOfScales(setup, NormalTokens(100, 4, 1), std::vector<int64_t>(100, 1));
  const std::vector<bool> whole = WholeOf(*cache, setup, 0);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(whole[i], i % 20 == 19) << i;
}

TEST(MinicacheTest, AScaleIsWholeUntilTheNextOneBegins) {
  const CacheSetup setup = SetupOf("minicache:gamma=0", 6);
  const Tokens tokens = NormalTokens(30, 6, 4);
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 20, true)), IsOk());
  EXPECT_EQ(DecodedTokens(*cache).keys, tokens.keys.topRows(20));
  ASSERT_THAT(cache->Append(tokens.Block(20, 10, false)), IsOk());
  const Matrix decoded = DecodedTokens(*cache).keys;
  EXPECT_EQ(decoded.bottomRows(10), tokens.keys.bottomRows(10));
  EXPECT_GT(RelativeSquaredError(tokens.keys.topRows(20), decoded.topRows(20)), 0.1);
}

TEST(MinicacheTest, GoesOnFromASnapshotOfAnOpenScale) {
  const CacheSetup setup = SetupOf("minicache:gamma=0.3", 6);
  const Tokens tokens = NormalTokens(60, 6, 4);
  for (int64_t stop = 1; stop < 40; ++stop) {
    auto open = NewCache(setup);
    ASSERT_THAT(open->Append(tokens.Block(0, stop, false)), IsOk());
    auto restored = Restore(SnapshotOf(*open, setup), setup).value();
    // To the original, writing was nothing; to the copy, its scale was closed.
    ASSERT_THAT(open->Append(ZeroScale(0)), IsOk());
    for (KvCache* cache : {open.get(), restored.get()}) {
      ASSERT_THAT(cache->Append(tokens.Block(stop, 60 - stop, false)), IsOk());
    }
    EXPECT_EQ(SnapshotOf(*open, setup), SnapshotOf(*restored, setup)) << stop;
    EXPECT_EQ(DecodedTokens(*open).values, DecodedTokens(*restored).values) << stop;
  }
}

TEST(MinicacheTest, AnswersByAttentionOverWhatComesBack) {
  const CacheSetup setup = SetupOf("minicache:gamma=0.2", 8);
  const RandomStream stream(8, 5);
  auto cache = CacheOfScales(setup, stream.tokens, stream.scales);
  ASSERT_THAT(cache->Append(ZeroScale(9)), IsOk());
  const Matrix queries = NormalMatrix(6, 8, 7);
  const Tokens decoded = DecodedTokens(*cache);
  const Eigen::MatrixXd truth = NaiveAttention(queries, decoded.keys, decoded.values, 9);
  EXPECT_LT((Attended(*cache, queries).cast<double>() - truth).norm(), 1e-4 * truth.norm());
}

TEST(MinicacheTest, RefusesOptionsOutOfRange) {
  for (const char* spec : {"minicache:t=1.5", "minicache:gamma=2", "minicache:gamma=-0.5"}) {
    EXPECT_THAT(ParseBuiltInSpec(spec),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("from 0 to 1")));
  }
  EXPECT_THAT(ParseBuiltInSpec("minicache:gamma=0.1234567"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("gamma=0.1234567 has over six decimals")));
  EXPECT_THAT(ParseBuiltInSpec("minicache:gamma=0.123457"), IsOk());
  EXPECT_EQ(ParseBuiltInSpec("minicache:gamma=0.05,t=0.6")->ToString(), "minicache");
  CacheSetup setup = SetupOf("minicache", 4);
  setup.attention = AttentionKind::kTensor;
  EXPECT_THAT(CreateCache(setup), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("has no tensor attention")));
}

TEST(MinicacheTest, RefusesLayersWhoseLengthOverflowsAndKeepsNothingOfTheBlock) {
  for (const char* spec : {"minicache", "minicache+window:sinks=1,recent=2"}) {
    const CacheSetup setup = SetupOf(spec, 4);
    auto cache = NewCache(setup);
    Tokens tokens = NormalTokens(5, 4, 1);
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    const std::string before = SnapshotOf(*cache, setup);
    tokens.values.row(3) << 0, 0, 3e38F, 3e38F;
    EXPECT_THAT(cache->Append(tokens.Block()),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("token 8: a layer's vector of length 4.2")));
    EXPECT_EQ(SnapshotOf(*cache, setup), before);
  }
}

// While its scale is open a token takes its 2 d numbers and 33 bytes; 20 closed ones of d = 8
// take 2 (20 + 32 (8 + 6 * 19)) bits.
TEST(MinicacheTest, TheMemoryLimitHoldsToTheByte) {
  constexpr int64_t kClosedBytes = (2 * (20 + 32 * (8 + 6 * 19)) + 7) / 8;
  for (const int64_t missing : {0, 1}) {
    CacheSetup setup = SetupOf("minicache", 8);
    setup.memory_limit_bytes = kClosedBytes + 10 * (2 * 8 * 4 + 33) - missing;
    auto cache = NewCache(setup);
    const Tokens tokens = NormalTokens(30, 8, 1);
    for (int64_t first = 0; first < 20; first += 5) {
      ASSERT_THAT(cache->Append(tokens.Block(first, 5, true)), IsOk());
    }
    EXPECT_EQ(cache->Append(tokens.Block(20, 10, true)).code(),
              missing == 0 ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted);
    const std::string snapshot = SnapshotOf(*cache, setup);
    setup.memory_limit_bytes = (cache->StateBits() + 7) / 8 - missing;
    EXPECT_EQ(Restore(snapshot, setup).status().code(),
              missing == 0 ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace kvwire
