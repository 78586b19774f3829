#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDims = 3;

// StreamingLLM as a list of tokens: whole scales are appended, and what is between
// the sinks and the window is cut out of the list.
class NaiveStreaming {
 public:
  NaiveStreaming(size_t sinks, size_t window, bool before)
      : sinks_(sinks), window_(window), before_(before) {}

  // Each row is a key and a value [2 w].
  void BeginScale() { Evict(); }
  void AppendToken(const Eigen::RowVectorXf& token) {
    list_.push_back(token);
    if (before_) Evict();
  }

  std::vector<Eigen::RowVectorXf> Visible() const { return list_; }
  std::vector<Eigen::RowVectorXf> Closed() const {
    NaiveStreaming copy = *this;
    copy.Evict();
    return copy.list_;
  }

 private:
  void Evict() {
    while (list_.size() > sinks_ + window_) {
      list_.erase(list_.begin() + static_cast<int64_t>(sinks_));
    }
  }

  size_t sinks_;
  size_t window_;
  bool before_;
  std::vector<Eigen::RowVectorXf> list_;
};

// The rows of keys and values [w] that a list of tokens consists of.
Tokens TokensOf(const std::vector<Eigen::RowVectorXf>& list, int64_t width) {
  Tokens tokens{Matrix(static_cast<int64_t>(list.size()), width),
                Matrix(static_cast<int64_t>(list.size()), width)};
  for (int64_t t = 0; t < tokens.keys.rows(); ++t) {
    tokens.keys.row(t) = list[static_cast<size_t>(t)].head(width);
    tokens.values.row(t) = list[static_cast<size_t>(t)].tail(width);
  }
  return tokens;
}

std::string NaiveBody(const std::vector<Eigen::RowVectorXf>& tokens) {
  std::string body;
  for (const Eigen::RowVectorXf& token : tokens) {
    body.append(reinterpret_cast<const char*>(token.data()),
                static_cast<size_t>(token.size()) * sizeof(float));
  }
  return body;
}

// Rows of which a third are zero.
Tokens TokensWithZeros(int64_t rows, int64_t width, std::mt19937_64& random) {
  Tokens tokens{RandomMatrix(rows, width, random), RandomMatrix(rows, width, random)};
  for (int64_t t = 0; t < rows; ++t) {
    if (random() % 3 != 0) continue;
    tokens.keys.row(t).setZero();
    tokens.values.row(t).setZero();
  }
  return tokens;
}

// The cache sees what the list sees, and its snapshot holds what the list holds.
void ExpectSame(const KvCache& cache, const CacheSetup& setup, const NaiveStreaming& naive,
                const Matrix& queries) {
  const Eigen::MatrixXd expected =
      NaiveAnswer(setup, queries, TokensOf(naive.Visible(), setup.row_width()), 0);
  ASSERT_LT((Attended(cache, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 2e-4);
  const std::string snapshot = SnapshotOf(cache, setup);
  const std::string body = NaiveBody(naive.Closed());
  ASSERT_EQ(BodyOf(snapshot), body);
  ASSERT_EQ(cache.StateBits(), 8 * static_cast<int64_t>(body.size()));
}

// A schedule of random scales in random blocks, compared after each block.
void RunSchedule(uint64_t seed, AttentionKind attention) {
  std::mt19937_64 random(seed);
  const size_t sinks = random() % 6;
  const size_t window = random() % 12 + (sinks == 0);
  const bool before = random() % 3 == 0;
  CacheSetup setup = SetupOf("streaming:sinks=" + std::to_string(sinks) +
                                 ",window=" + std::to_string(window) +
                                 ",evict=" + (before ? "before" : "close"),
                             kDims);
  setup.attention = attention;
  auto cache = NewCache(setup);
  NaiveStreaming naive(sinks, window, before);
  const Matrix queries = RandomMatrix(2, kDims, random);
  const uint64_t scales = 1 + random() % 8;
  for (uint64_t scale = 0; scale < scales; ++scale) {
    naive.BeginScale();
    const uint64_t blocks = 1 + random() % 3;
    for (uint64_t block = 0; block < blocks; ++block) {
      const auto rows = static_cast<int64_t>(1 + random() % (scale % 3 == 0 ? 1 : 9));
      const Tokens tokens = TokensWithZeros(rows, setup.row_width(), random);
      for (int64_t t = 0; t < rows; ++t) {
        Eigen::RowVectorXf token(2 * setup.row_width());
        token << tokens.keys.row(t), tokens.values.row(t);
        naive.AppendToken(token);
      }
      ASSERT_THAT(cache->Append(tokens.Block(0, rows, block + 1 == blocks)), IsOk());
      ASSERT_NO_FATAL_FAILURE(ExpectSame(*cache, setup, naive, queries))
          << setup.spec.ToString();
    }
    if (random() % 4 == 0) cache = Restore(SnapshotOf(*cache, setup), setup).value();
  }
}

TEST(StreamingTest, FollowsTheListOfTokensOnRandomSchedules) {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    ASSERT_NO_FATAL_FAILURE(RunSchedule(seed, AttentionKind::kOrdinary)) << "seed " << seed;
  }
}

TEST(StreamingTest, FollowsTheListOfTokensInTensorAttention) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    ASSERT_NO_FATAL_FAILURE(RunSchedule(seed, AttentionKind::kTensor)) << "seed " << seed;
  }
}

TEST(StreamingTest, ABudgetOfAllTokensIsExactAttention) {
  std::mt19937_64 random(1);
  const Tokens tokens{RandomMatrix(21, kDims, random), RandomMatrix(21, kDims, random)};
  const Matrix queries = RandomMatrix(5, kDims, random);
  auto exact = NewCache(SetupOf("exact", kDims));
  int64_t first = 0;
  AppendScales(*exact, tokens, first, {1, 4, 16}, 5);
  ASSERT_THAT(exact->Append(ZeroScale(0)), IsOk());
  for (int64_t sinks = 0; sinks <= 21; ++sinks) {
    for (const char* evict : {"close", "before"}) {
      auto cache = NewCache(SetupOf("streaming:sinks=" + std::to_string(sinks) + ",window=" +
                                        std::to_string(21 - sinks) + ",evict=" + evict,
                                    kDims));
      first = 0;
      AppendScales(*cache, tokens, first, {1, 4, 16}, 5);
      ASSERT_THAT(cache->Append(ZeroScale(0)), IsOk());
      EXPECT_LT((Attended(*cache, queries) - Attended(*exact, queries)).cwiseAbs().maxCoeff(),
                1e-5F);
    }
  }
}

TEST(StreamingTest, AQueryScaleSeesTheWindowUnlessEvictedBefore) {
  std::mt19937_64 random(1);
  const Tokens tokens{RandomMatrix(8, kDims, random), RandomMatrix(8, kDims, random)};
  const Matrix queries = RandomMatrix(5, kDims, random);
  auto close = NewCache(SetupOf("streaming:sinks=0,window=8", kDims));
  auto before = NewCache(SetupOf("streaming:sinks=0,window=8,evict=before", kDims));
  for (KvCache* cache : {close.get(), before.get()}) {
    ASSERT_THAT(cache->Append(tokens.Block()), IsOk());
    ASSERT_THAT(cache->Append(ZeroScale(64)), IsOk());
  }
  const Eigen::MatrixXd expected = NaiveAttention(queries, tokens.keys, tokens.values, 64);
  EXPECT_LT((Attended(*close, queries).cast<double>() - expected).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_EQ(Attended(*before, queries), Matrix::Zero(5, kDims));
}

TEST(StreamingTest, AnOpenScaleOfZerosTakesNoMemoryAToken) {
  CacheSetup setup = SetupOf("streaming", kDims);
  setup.memory_limit_bytes = 68 * (2 * kDims * 4 + 8);
  auto cache = NewCache(setup);
  const Matrix one = Matrix::Ones(1, kDims);
  ASSERT_THAT(cache->Append({1, nullptr, one.data(), one.data(), true}), IsOk());
  for (int block = 0; block < 16; ++block) {
    ASSERT_THAT(cache->Append({1 << 20, nullptr, nullptr, nullptr, block == 15}), IsOk());
  }
  EXPECT_EQ(cache->tokens(), 1 + (16 << 20));
  const float zeros = 16 << 20;
  EXPECT_NEAR(Attended(*cache, Matrix::Ones(1, kDims))(0, 0), std::exp(3.0F) / zeros, 1e-9);
}

TEST(StreamingTest, AnOpenScaleCountsAgainstTheMemoryLimit) {
  std::mt19937_64 random(1);
  CacheSetup setup = SetupOf("streaming:sinks=1,window=1", kDims);
  setup.memory_limit_bytes = 5 * (2 * kDims * 4 + 8);
  const Tokens tokens{RandomMatrix(6, kDims, random), RandomMatrix(6, kDims, random)};
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(tokens.Block(0, 4, false)), IsOk());
  const Matrix before = Attended(*cache, tokens.keys);
  EXPECT_THAT(cache->Append(tokens.Block(4, 2, true)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("needs 192 bytes of memory, allowed are 160")));
  EXPECT_EQ(Attended(*cache, tokens.keys), before);
  EXPECT_THAT(cache->Append(tokens.Block(4, 1, true)), IsOk());
  // The scale is closed: two tokens are left, three more fit.
  EXPECT_THAT(cache->Append(tokens.Block(0, 3, true)), IsOk());
}

// They take no memory here, but they do in the snapshot: what fits must be restorable.
TEST(StreamingTest, KeptZeroTokensCountAgainstTheMemoryLimit) {
  CacheSetup setup = SetupOf("streaming:sinks=1,window=4", kDims);
  setup.memory_limit_bytes = 5 * (2 * kDims * 4 + 8) - 1;
  auto cache = NewCache(setup);
  ASSERT_THAT(cache->Append(ZeroScale(4)), IsOk());
  EXPECT_THAT(Restore(SnapshotOf(*cache, setup), setup), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(1)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("needs 160 bytes of memory, allowed are 159")));
}

TEST(StreamingTest, RestoreRefusesSectionsThatNoStateHas) {
  const CacheSetup setup = SetupOf("streaming:sinks=1,window=2", 1);
  for (const int64_t rows : {0, 2, 4}) {
    EXPECT_THAT(NewCache(setup)->BeginSection(9, {SectionContent::kRows32, 64 * rows}),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("rows where 3 of 9 tokens")));
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {-0.0F, nan}) {
    auto cache = NewCache(setup);
    ASSERT_THAT(cache->BeginSection(1, {SectionContent::kRows32, 64}), IsOk());
    const float row[] = {0, bad};
    EXPECT_THAT(cache->RestoreBytes({reinterpret_cast<const char*>(row), sizeof(row)}),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 0 is not finite or")));
  }
}

}  // namespace
}  // namespace kvwire
