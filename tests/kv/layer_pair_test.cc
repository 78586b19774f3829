#include "common/kv/layer_pair.h"

#include <cmath>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/decoded_rows.h"
#include "tests/kv/naive_attention.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDims = 6;  // of a layer

LayerPair PairOf(const std::string& spec) {
  const CacheSetup setup = SetupOf(spec, 2 * kDims);
  return LayerPair::Create(setup, NewCache(setup)).value();
}

Matrix Answer(const LayerPair& pair, Layer layer, const Matrix& queries) {
  Matrix out(queries.rows(), kDims);
  EXPECT_THAT(pair.Attend(layer, queries, out), IsOk());
  return out;
}

// Two layers of which the upper one is the lower one and a little noise.
struct SimilarLayers {
  Tokens lower = NormalTokens(60, kDims, 1);
  Tokens upper = NormalTokens(60, kDims, 3);

  explicit SimilarLayers(float noise) {
    upper.keys = lower.keys + noise * upper.keys;
    upper.values = lower.values + noise * upper.values;
  }
};

TEST(LayerPairTest, EachLayerAnswersForItself) {
  const SimilarLayers layers(1);
  LayerPair pair = PairOf("exact");
  EXPECT_EQ(pair.dims(), kDims);
  for (int64_t first = 0; first < 60; first += 20) {
    ASSERT_THAT(
        pair.Append(layers.lower.Block(first, 20, true), layers.upper.Block(first, 20, true)),
        IsOk());
  }
  ASSERT_THAT(pair.Append(ZeroScale(7), ZeroScale(7)), IsOk());
  const Matrix queries = NormalMatrix(5, kDims, 9);
  for (const auto& [layer, tokens] :
       {std::pair{Layer::kLower, &layers.lower}, {Layer::kUpper, &layers.upper}}) {
    const Eigen::MatrixXd truth = NaiveAttention(queries, tokens->keys, tokens->values, 7);
    EXPECT_LT((Answer(pair, layer, queries).cast<double>() - truth).norm(), 1e-5);
  }
}

// Similar layers lose little by being merged, and the less the more similar they are.
TEST(LayerPairTest, MinicacheAnswersForSimilarLayersInAboutHalfTheBits) {
  const Matrix queries = NormalMatrix(20, kDims, 9);
  double last = 0;
  for (const float noise : {0.0F, 0.05F, 0.2F}) {
    const SimilarLayers layers(noise);
    LayerPair pair = PairOf("minicache");
    ASSERT_THAT(pair.Append(layers.lower.Block(), layers.upper.Block()), IsOk());
    ASSERT_THAT(pair.Append(ZeroScale(0), ZeroScale(0)), IsOk());
    // 57 of 60 keys and values are merged: d + 2 numbers for 2 d.
    EXPECT_EQ(pair.cache().StateBits(), 2 * (60 + 32 * (3 * 2 * kDims + 57 * (kDims + 2))));
    double error = 0;
    for (const auto& [layer, tokens] :
         {std::pair{Layer::kLower, &layers.lower}, {Layer::kUpper, &layers.upper}}) {
      const Eigen::MatrixXd truth = NaiveAttention(queries, tokens->keys, tokens->values, 0);
      error += (Answer(pair, layer, queries).cast<double>() - truth).norm() / truth.norm() / 2;
    }
    if (noise == 0) {
      EXPECT_LT(error, 1e-5);
    } else {
      EXPECT_GT(error, last + 0.2 * noise);
      EXPECT_LT(error, 3 * noise);
    }
    last = error;
  }
}

TEST(LayerPairTest, ALayerWithoutTokensIsOneOfZeros) {
  const Tokens lower = NormalTokens(4, kDims, 1);
  LayerPair pair = PairOf("minicache:gamma=0");
  ASSERT_THAT(pair.Append(lower.Block(), {4, nullptr, nullptr, nullptr, true}), IsOk());
  ASSERT_THAT(pair.Append(ZeroScale(0), ZeroScale(0)), IsOk());
  const Matrix queries = NormalMatrix(5, kDims, 9);
  EXPECT_EQ(Answer(pair, Layer::kUpper, queries), Matrix::Zero(5, kDims));
  const Eigen::MatrixXd truth = NaiveAttention(queries, lower.keys, lower.values, 0);
  EXPECT_LT((Answer(pair, Layer::kLower, queries).cast<double>() - truth).norm(), 1e-5);
}

TEST(LayerPairTest, TheScaleRsqrtIsThatOfALayer) {
  const SimilarLayers layers(1);
  LayerPair pair = PairOf("exact:scale=rsqrt");
  ASSERT_THAT(pair.Append(layers.lower.Block(), layers.upper.Block()), IsOk());
  const Matrix queries = NormalMatrix(5, kDims, 9);
  const Eigen::MatrixXd truth = NaiveAttention(queries / std::sqrt(static_cast<float>(kDims)),
                                               layers.upper.keys, layers.upper.values, 0);
  EXPECT_LT((Answer(pair, Layer::kUpper, queries).cast<double>() - truth).norm(), 1e-5);
}

// The scores that h2o goes by are <q, k> of the lower layer and of the upper one, added.
TEST(LayerPairTest, QueriesOfBothLayersDriveAPolicy) {
  Tokens lower{Matrix::Zero(3, kDims), Matrix::Ones(3, kDims)};
  Tokens upper = lower;
  lower.keys(1, 0) = 2;
  upper.keys(0, 0) = 3;
  Matrix queries = Matrix::Zero(3, kDims);
  queries.col(0).setOnes();
  for (const bool both : {true, false}) {
    LayerPair pair = PairOf("h2o:heavy=1,recent=0");
    ASSERT_THAT(pair.Append({3, queries.data(), lower.keys.data(), lower.values.data(), true},
                            {3, both ? queries.data() : nullptr, upper.keys.data(),
                             upper.values.data(), true}),
                IsOk());
    ASSERT_THAT(pair.Append(ZeroScale(0), ZeroScale(0)), IsOk());
    const Matrix kept = DecodedTokens(pair.cache()).keys;
    ASSERT_EQ(kept.rows(), 1);
    EXPECT_EQ(kept(0, kDims), both ? 3 : 0);
    EXPECT_EQ(kept(0, 0), both ? 0 : 2);
  }
}

TEST(LayerPairTest, GoesOnFromASnapshot) {
  const SimilarLayers layers(0.1F);
  const CacheSetup setup = SetupOf("minicache:gamma=0.1+ans", 2 * kDims);
  LayerPair straight = PairOf("minicache:gamma=0.1+ans");
  ASSERT_THAT(
      straight.Append(layers.lower.Block(0, 30, true), layers.upper.Block(0, 30, true)),
      IsOk());
  LayerPair restored =
      LayerPair::Create(setup, Restore(SnapshotOf(straight.cache(), setup), setup).value())
          .value();
  for (LayerPair* pair : {&straight, &restored}) {
    ASSERT_THAT(
        pair->Append(layers.lower.Block(30, 30, true), layers.upper.Block(30, 30, true)),
        IsOk());
  }
  EXPECT_EQ(SnapshotOf(straight.cache(), setup), SnapshotOf(restored.cache(), setup));
  const Matrix queries = NormalMatrix(5, kDims, 9);
  EXPECT_EQ(Answer(straight, Layer::kUpper, queries),
            Answer(restored, Layer::kUpper, queries));
}

TEST(LayerPairTest, RefusesCachesThatHoldNoTwoLayers) {
  const auto refusal = [](const char* what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  CacheSetup setup = SetupOf("exact", 5);
  EXPECT_THAT(LayerPair::Create(setup, NewCache(setup)).status(),
              refusal("d = 5 of a cache is odd"));
  setup = SetupOf("exact", 4);
  setup.attention = AttentionKind::kTensor;
  EXPECT_THAT(LayerPair::Create(setup, NewCache(setup)).status(), refusal("ordinary"));
  setup = SetupOf("mean", 4);
  EXPECT_THAT(LayerPair::Create(setup, NewCache(setup)).status(),
              refusal("algorithm mean keeps no set of tokens"));
}

TEST(LayerPairTest, RefusesBlocksThatDifferAndShapesAndEmptyCaches) {
  const Tokens tokens = NormalTokens(4, kDims, 1);
  LayerPair pair = PairOf("exact");
  Matrix out(2, kDims);
  const Matrix queries = Matrix::Ones(2, kDims);
  EXPECT_THAT(pair.Attend(Layer::kLower, queries, out),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("holds no token")));
  EXPECT_THAT(pair.Append(tokens.Block(0, 3, true), tokens.Block(0, 2, true)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("blocks of 3 and 2")));
  EXPECT_THAT(pair.Append(tokens.Block(0, 3, true), tokens.Block(0, 3, false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("closes the scale")));
  EXPECT_THAT(pair.Append(ZeroScale(-1), ZeroScale(-1)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a block of -1 rows")));
  EXPECT_EQ(pair.cache().tokens(), 0);
  ASSERT_THAT(pair.Append(tokens.Block(), tokens.Block()), IsOk());
  EXPECT_THAT(pair.Attend(Layer::kUpper, Matrix::Ones(2, 2 * kDims), out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("must both be [m, 6]")));
  const Matrix huge = Matrix::Constant(2, kDims, 3e38F);
  EXPECT_THAT(pair.Attend(Layer::kUpper, huge, out),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("over the range")));
}

}  // namespace
}  // namespace kvwire
